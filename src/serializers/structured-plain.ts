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
  return Array.isArray(object) ? isPlainArray(object, level) : isPlainObject(object, level);
}

function isPlainArray(array: readonly unknown[], level: number): boolean {
  if (array.constructor !== Array) return false;
  const { length } = array;
  for (let i = 0; i < length; i++) {
    const item = array[i];
    if (typeof item === 'string') continue;
    if (typeof item === 'number') {
      // A loop of its own is faster for arrays of nothing else.
      i = pastNumbers(array, i) - 1;
      if (typeof array[i + 1] === 'number') return false;
    } else if (!isPlainItem(item, level)) return false;
  }
  return true;
}

/** The index of the first item from `start` on that is no number which JSON keeps. */
function pastNumbers(array: readonly unknown[], start: number): number {
  const { length } = array;
  for (let i = start; i < length; i++) {
    const item = array[i];
    if (typeof item !== 'number' || item - item !== 0 || (item === 0 && 1 / item < 0)) return i;
  }
  return length;
}

function isPlainObject(object: object, level: number): boolean {
  if (Object.getPrototypeOf(object) !== PLAIN) return false;
  for (const name in object) {
    const value = (object as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'string') continue;
    if (typeof value === 'number') {
      if (value - value !== 0 || (value === 0 && 1 / value < 0)) return false;
    } else if (!isPlainItem(value, level)) return false;
  }
  return true;
}

function isPlainItem(value: unknown, level: number): boolean {
  if (typeof value === 'object') return value === null || isPlain(value, level + 1);
  return typeof value === 'boolean';
}

/** Neither NaN nor infinite nor −0. */
export function isPlainNumber(value: unknown): boolean {
  return typeof value === 'number' && value - value === 0 && !Object.is(value, -0);
}
