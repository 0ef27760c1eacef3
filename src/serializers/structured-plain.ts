import { inspect } from 'node:util';
import { valuesOf } from './json-losses.ts';

/** No value is nested deeper, neither on the way in nor on the way out. */
export const MOST_LEVELS = 1000;

/**
 * In how many objects and arrays of plain JSON it is looked for properties that JSON passes by. A look takes as long as
 * JSON for a tiny object, and the rows of a long list are mostly alike.
 */
const MOST_LOOKS = 8;

/** How many looks are left for the value that is being asked for. */
let looksLeft = 0;

/** Whether JSON keeps all of a value, as it is. It is asked of every value, so it is cheap, and false where in doubt. */
export function isPlainJson(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    looksLeft = MOST_LOOKS;
    return isPlain(value, 1);
  }
  return typeof value === 'string' || typeof value === 'boolean' || value === null || isPlainNumber(value);
}

const PLAIN: unknown = Object.prototype;

function isPlain(object: object, level: number): boolean {
  if (level > MOST_LEVELS) return false;
  if (Array.isArray(object)) {
    return object.constructor === Array && !(looksLeft-- > 0 && mayHaveNames(object)) && arePlain(object, level);
  }
  if (Object.getPrototypeOf(object) !== PLAIN || (looksLeft-- > 0 && hasSymbols(object))) return false;
  return arePlain(valuesOf(object), level);
}

/** Whether symbols name properties of an object. */
export function hasSymbols(object: object): boolean {
  return Object.getOwnPropertySymbols(object).length > 0;
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

/** From this length on the names of all items take longer than a text without them. */
const LONG = 80;

const WITHOUT_ITEMS = { maxArrayLength: 0, depth: 0, customInspect: false };

/** Whether an array may have other properties than its items; a `Buffer` or a typed array likewise. */
export function mayHaveNames(array: ArrayLike<unknown> & object): boolean {
  if (array.length >= LONG) return !inspect(array, WITHOUT_ITEMS).endsWith(' more items ]');
  return Object.keys(array).length !== array.length || hasSymbols(array);
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
