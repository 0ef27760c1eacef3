/** What a function has and no data: its type is refused where this stands. */
interface NoFunction {
  readonly [Symbol.hasInstance]?: never;
}

/** No function: whatever else may stand in a property. */
type Data = string | number | bigint | boolean | null | undefined | NoFunction;

/**
 * Objects that are neither functions nor Promises: interfaces and classes of yours are of the first type, what is
 * written out where it is passed is of the second.
 */
export type JsonObject = (object & NoFunction & { readonly then?: Data }) | { readonly [key: string]: unknown };

/** A type that is printed as what it is, instead of how it was put together. */
type Flat<T> = { [K in keyof T]: T[K] };

// biome-ignore lint/complexity/noBannedTypes: any function, whatever it takes and gives.
type AnyFunction = Function;

/** The names of properties that JSON has: no symbols, and none whose value is always lost. */
type KeptKeys<T> = {
  [K in keyof T]-?: K extends symbol
    ? never
    : Exclude<T[K], undefined | symbol | AnyFunction> extends never
      ? never
      : K;
}[keyof T];

/** The names of those that may be `undefined`, so that JSON may lack them. */
type OptionalKeys<T> = { [K in KeptKeys<T>]: undefined extends T[K] ? K : never }[KeptKeys<T>];

type ObjectForm<T> = Flat<
  { [K in Exclude<KeptKeys<T>, OptionalKeys<T>>]: NestedForm<T[K]> } & {
    [K in OptionalKeys<T>]?: NestedForm<Exclude<T[K], undefined>>;
  }
>;

/** In an array what JSON has no word for is `null`. */
type ArrayForm<T extends readonly unknown[]> = {
  [K in keyof T]: T[K] extends undefined | symbol | AnyFunction ? null : NestedForm<T[K]>;
};

type IsAny<T> = 0 extends 1 & T ? true : false;

/** What comes back of a value inside of an object or array. */
type NestedForm<T> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? unknown
      : T extends string | number | boolean | null
        ? T
        : T extends undefined
          ? null
          : T extends { toJSON(...given: never): infer R }
            ? NestedForm<R>
            : T extends readonly unknown[]
              ? ArrayForm<T>
              : T extends object
                ? ObjectForm<T>
                : never;

/** The type as it was, where JSON changes nothing of it. */
type SameOr<T, TForm> = [T] extends [TForm] ? ([TForm] extends [T] ? T : TForm) : TForm;

/**
 * What comes back of a value that `jsonSerializer` stored: a `Date` is a string, a `Uint8Array` a `Buffer`, a property
 * that may be `undefined` may be missing, methods are gone.
 */
export type JsonForm<T> =
  IsAny<T> extends true
    ? T
    : T extends string | number | bigint | boolean | null
      ? T
      : T extends Uint8Array
        ? Buffer
        : SameOr<T, NestedForm<T>>;
