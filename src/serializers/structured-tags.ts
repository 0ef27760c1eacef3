/**
 * The names of what JSON has no word for, each as the one property of an object: `{"$date":0}`. A property of the
 * caller's that stands alone in its object and begins with a dollar sign gets one more.
 */
export const Tag = {
  Undefined: '$undefined',
  Number: '$number',
  Bigint: '$bigint',
  Date: '$date',
  Map: '$map',
  Set: '$set',
  Buffer: '$buffer',
  /** An object without a prototype. */
  Dictionary: '$dictionary',
} as const;

/** What JSON has no number for. */
export const ODD_NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** Makes a typed array of memory that it shares. */
export interface TypedArrayConstructor {
  new (memory: ArrayBuffer): ArrayBufferView;
  readonly BYTES_PER_ELEMENT: number;
}

const TYPED_ARRAY = /^\$((?:Big)?(?:Uint|Int|Float)(?:8|8Clamped|16|32|64)Array)$/;

/** The typed array whose tag is its name behind a dollar sign; none where there is none in this version of Node.js. */
export function typedArrayOf(tag: string): TypedArrayConstructor | undefined {
  const [, name = ''] = TYPED_ARRAY.exec(tag) ?? [];
  return Reflect.get(globalThis, name) as TypedArrayConstructor | undefined;
}
