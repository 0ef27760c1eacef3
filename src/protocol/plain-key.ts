import type { WireKey } from './request.ts';

export const SPACE = 0x20;
export const DELETE = 0x7f;

/** Whether a byte, or a UTF-16 unit, can stand in no key of a text line. */
export function endsKey(unit: number): boolean {
  return unit <= SPACE || unit === DELETE;
}

/** Whether a key can stand in a text line as it is. */
export function isPlainKey(key: WireKey): boolean {
  for (let i = 0; i < key.length; i++) {
    if (endsKey(typeof key === 'string' ? key.charCodeAt(i) : (key[i] as number))) return false;
  }
  return true;
}
