import { factsOf } from './op.ts';
import type { Request, WireKey } from './request.ts';

/** A key by its bytes: the same for a string and for its bytes, and never for two keys that differ. */
export function keyId(key: WireKey): string {
  return Buffer.from(key).toString('latin1');
}

/** The keys that a request is about. */
export function keysOf({ key, keys }: Request): readonly WireKey[] {
  return keys ?? [key];
}

/** Whether a request changes, or may change, what is stored under its keys. */
export function isWrite({ op, key }: Request): boolean {
  return key.length > 0 && !factsOf(op).reads;
}
