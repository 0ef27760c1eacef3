import { isUtf8 } from 'node:buffer';
import { tagOf, unreadable, unwritable } from './layout.ts';

/** What JSON has words for. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** The second argument of `JSON.stringify`. */
export type JsonReplacer = (this: unknown, key: string, value: unknown) => unknown;
/** The second argument of `JSON.parse`. */
export type JsonReviver = (this: unknown, key: string, value: unknown) => unknown;

/**
 * JSON text of a value. An object has to be a plain one, an array, an instance of a class of the caller's own or have
 * `toJSON`: of a Map, a Set, a Promise, … JSON would keep nothing. With a replacer that is the replacer's business.
 */
export function toJson(value: unknown, replacer?: JsonReplacer): string {
  let text: string | undefined;
  try {
    if (replacer !== undefined || !isLost(value)) text = JSON.stringify(value, replacer);
  } catch (cause) {
    throw unwritable('expected what JSON can hold: nothing cyclic, no bigint inside', value, cause);
  }
  if (text === undefined) throw unwritable('expected a plain object, an array or something with toJSON', value);
  return text;
}

/** Whether JSON would keep nothing, or something else, of an object. */
function isLost(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return false;
  }
  return LOST_IN_JSON.has(tagOf(value)) || ArrayBuffer.isView(value);
}

/** Kinds of objects whose contents JSON does not see, or sees as something else. */
const LOST_IN_JSON: ReadonlySet<string> = new Set([
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
  'Boolean',
  'Number',
  'String',
  'Symbol',
  'BigInt',
]);

/** A value from its JSON text. `__proto__` in it becomes a property like any other. */
export function fromJson(bytes: Buffer, reviver?: JsonReviver): unknown {
  if (!isUtf8(bytes)) throw unreadable('its flags say JSON, its bytes are no UTF-8');
  const revival: Revival = { failed: false };
  try {
    return JSON.parse(bytes.toString(), reviver && watched(reviver, revival));
  } catch (cause) {
    // An error about the text would quote it, one of the reviver is the caller's own.
    if (revival.failed) throw unreadable('the reviver failed', cause);
    throw unreadable('its flags say JSON, its bytes do not');
  }
}

interface Revival {
  failed: boolean;
}

function watched(reviver: JsonReviver, revival: Revival): JsonReviver {
  return function watch(key, value) {
    revival.failed = true;
    const revived = reviver.call(this, key, value);
    revival.failed = false;
    return revived;
  };
}
