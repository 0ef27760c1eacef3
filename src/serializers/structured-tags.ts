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
interface TypedArrayConstructor {
  new (memory: ArrayBuffer): ArrayBufferView;
  readonly BYTES_PER_ELEMENT: number;
}

/** Typed arrays, by their tags: their names in lower case. */
export const TYPED_ARRAYS: ReadonlyMap<string, TypedArrayConstructor> = new Map<string, TypedArrayConstructor>([
  ['$uint8array', Uint8Array],
  ['$uint8clampedarray', Uint8ClampedArray],
  ['$uint16array', Uint16Array],
  ['$uint32array', Uint32Array],
  ['$biguint64array', BigUint64Array],
  ['$int8array', Int8Array],
  ['$int16array', Int16Array],
  ['$int32array', Int32Array],
  ['$bigint64array', BigInt64Array],
  ['$float32array', Float32Array],
  ['$float64array', Float64Array],
]);
