import { invalidArgument, MemcacheError } from '../errors.ts';

/**
 * Throws `ERR_INVALID_ARGUMENT` for the first thing inside of a value that JSON would drop or turn into something else.
 * Its caller has made the JSON text before, which shows that nothing is cyclic or too deep.
 */
export function refuseLosses(value: unknown): void {
  if (typeof value === 'object' && value !== null && !isKept(value)) refuseFirstLoss(value);
}

/** The same where the text could not be made: names the place of a bigint, and leaves all else to the caller. */
export function refuseBigint(value: unknown): void {
  try {
    if (typeof value === 'object' && value !== null) refuseFirstLoss(value);
  } catch (error) {
    if (error instanceof MemcacheError) throw error;
  }
}

type Properties = Readonly<Record<string, unknown>>;

const PLAIN: unknown = Object.prototype;

/** Whether JSON surely keeps all of an object. It is asked of every value, so it is cheap, and false where in doubt. */
function isKept(object: object): boolean {
  if (!Array.isArray(object) && !isPlain(object)) return object instanceof Date;
  const values: readonly unknown[] = Array.isArray(object) ? object : valuesOf(object);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'string' && typeof value !== 'number' && !isKeptValue(value)) return false;
  }
  return true;
}

/** What has more properties is a dictionary, of whose names V8 keeps none. */
const MOST_NAMES = 1000;

/**
 * `Object.values`, which takes a third of the time where V8 has the names of such an object at hand since a `for in`. To
 * read the properties in one is no faster, and several times slower once it has seen a dictionary.
 */
export function valuesOf(object: object): unknown[] {
  const values = Object.values(object);
  if (values.length <= MOST_NAMES) for (const _name in object) break;
  return values;
}

function isKeptValue(value: unknown): boolean {
  if (typeof value === 'object') return value === null || isKept(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === undefined;
}

/** Whether its own properties are all that there is to an object, as of instances of the caller's classes. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === PLAIN || prototype === null) return true;
  return typeof (object as Properties).toJSON !== 'function' && !isLost(object);
}

/** Whether JSON keeps nothing of an object, or something else. */
function isLost(object: object): boolean {
  const tag = tagOf(object);
  return tag !== '[object Object]' && (LOST_IN_JSON.has(tag) || ArrayBuffer.isView(object));
}

/** `[object Map]` of a Map. */
export function tagOf(object: object): string {
  return Object.prototype.toString.call(object);
}

/** Kinds of objects whose contents JSON does not see, or sees as something else. */
const LOST_IN_JSON: ReadonlySet<string> = new Set(
  [
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
    'WeakRef',
    'Promise',
    'Error',
    'RegExp',
    'ArrayBuffer',
    'SharedArrayBuffer',
    'Generator',
    'AsyncGenerator',
    'Array Iterator',
    'Map Iterator',
    'Set Iterator',
    'URLSearchParams',
    'Headers',
    'FormData',
    'Blob',
    'File',
    'Boolean',
    'Number',
    'String',
    'Symbol',
    'BigInt',
  ].map((kind) => `[object ${kind}]`),
);

/** Goes through a value once more as JSON does, `toJSON` included, with the path to where it is. */
function refuseFirstLoss(value: object): void {
  const paths = new Map<unknown, string>();
  JSON.stringify(value, function (this: object, name: string, found: unknown) {
    const holder = paths.get(this);
    const path = holder === undefined ? '' : holder + step(this, name);
    // JSON has made `{ type, data }` of a Buffer by now, which nothing makes a Buffer of again.
    const given: unknown = holder === undefined ? value : Reflect.get(this, name);
    const loss = lossOf(Buffer.isBuffer(given) ? given : found);
    if (loss !== undefined) throw refusal(loss, path);
    if (typeof found === 'object') paths.set(found, path);
    return found;
  });
}

/** What is lost, for a message; undefined where nothing is. */
function lossOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'function':
    case 'symbol':
    case 'bigint':
      return typeof value;
    case 'object':
      if (value === null || !isLost(value)) return undefined;
      return Buffer.isBuffer(value) ? 'Buffer' : tagOf(value).slice('[object '.length, -1);
    default:
      return undefined;
  }
}

function refusal(loss: string, path: string): MemcacheError {
  return invalidArgument(
    'value',
    `JSON has no form for the ${loss}${placeOf(path)}; a replacer, or another serializer, can keep it`,
  );
}

/** Where something is, for a message; nothing for the value itself. */
export function placeOf(path: string): string {
  const shown = path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path.replace(/^\./, '');
  return shown === '' ? '' : ` at ${shown}`;
}

const MAX_PATH = 200;

/** Names that a program is written with. Others may be data, as those of an object with a property for each user. */
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$-]{0,29}$/u;

/** How a program would go from an object to one of its properties. */
export function step(holder: object, name: string): string {
  if (Array.isArray(holder)) return `[${name}]`;
  if (!NAME.test(name)) return '[…]';
  return name.includes('-') ? `['${name}']` : `.${name}`;
}
