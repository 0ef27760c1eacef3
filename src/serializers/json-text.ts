import { isUtf8 } from 'node:buffer';
import { MemcacheError } from '../errors.ts';
import { refuseBigint, refuseLosses } from './json-losses.ts';
import { unreadable, unwritable } from './layout.ts';

/** What JSON has words for. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** The second argument of `JSON.stringify`. */
export type JsonReplacer = (this: unknown, key: string, value: unknown) => unknown;
/** The second argument of `JSON.parse`. */
export type JsonReviver = (this: unknown, key: string, value: unknown) => unknown;

/**
 * JSON text of a value. What JSON would lose or turn into something else is refused at any depth, by its path. With a
 * replacer that is the replacer's business.
 */
export function toJson(value: unknown, replacer?: JsonReplacer): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, replacer);
    if (replacer === undefined) refuseLosses(value);
  } catch (cause) {
    if (cause instanceof MemcacheError) throw cause;
    if (replacer === undefined) refuseBigint(value);
    throw unwritable('expected what JSON can hold: nothing cyclic, and nothing nested too deeply', value, cause);
  }
  if (text === undefined) throw unwritable('expected a plain object, an array or something with toJSON', value);
  return text;
}

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
