import { valuesOf } from './json-losses.ts';

/** No value is nested deeper, neither on the way in nor on the way out. */
export const MOST_LEVELS = 1000;

/**
 * Whether JSON keeps all of a value, as it is. It is asked of every value, so it is cheap, and false where in doubt.
 * Symbols that name properties cost too much to look for inside, so only those of the value itself are seen.
 */
export function isPlainJson(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    return isPlain(value, 1) && Object.getOwnPropertySymbols(value).length === 0;
  }
  return typeof value === 'string' || typeof value === 'boolean' || value === null || isPlainNumber(value);
}

const PLAIN: unknown = Object.prototype;

function isPlain(object: object, level: number): boolean {
  if (level > MOST_LEVELS) return false;
  if (Array.isArray(object)) return object.constructor === Array && arePlain(object, level);
  return Object.getPrototypeOf(object) === PLAIN && arePlain(valuesOf(object), level);
}

function arePlain(items: readonly unknown[], level: number): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item === 'string' || typeof item === 'boolean' || item === null) continue;
    if (typeof item === 'number') {
      // A loop of its own is faster for arrays of nothing else.
      const end = endOfNumbers(items, i);
      if (end === i) return false;
      i = end - 1;
    } else if (typeof item !== 'object' || !isPlain(item, level + 1)) return false;
  }
  return true;
}

/** The index of the first item from `start` on that is no number which JSON keeps. */
function endOfNumbers(items: readonly unknown[], start: number): number {
  const { length } = items;
  for (let i = start; i < length; i++) {
    const item = items[i];
    if (typeof item !== 'number' || item - item !== 0 || (item === 0 && 1 / item < 0)) return i;
  }
  return length;
}

/** Neither NaN nor infinite nor −0. */
export function isPlainNumber(value: unknown): boolean {
  return typeof value === 'number' && value - value === 0 && !Object.is(value, -0);
}
