/**
 * memcached's slab classes: items are kept in chunks of these sizes. Only statistics say them; nothing is kept so here.
 */

export const PAGE_BYTES = 1024 * 1024;

const FIRST_CHUNK = 96;
const GROWTH = 1.25;
const ALIGNMENT = 8;
const MOST_CLASSES = 63;

const computed = new Map<number, readonly number[]>();

/** The chunk sizes of all classes, the first class first. */
export function classSizes(maxItemSize: number): readonly number[] {
  let sizes = computed.get(maxItemSize);
  if (sizes === undefined) {
    sizes = compute(maxItemSize);
    computed.set(maxItemSize, sizes);
  }
  return sizes;
}

function compute(maxItemSize: number): readonly number[] {
  const largest = Math.floor(maxItemSize / 2);
  const sizes: number[] = [];
  let size = FIRST_CHUNK;
  while (sizes.length < MOST_CLASSES - 1 && size < largest / GROWTH) {
    size = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    sizes.push(size);
    size = Math.floor(size * GROWTH);
  }
  sizes.push(largest);
  return sizes;
}

/** The class, counted from 1, that an item of this size belongs to. */
export function classOf(size: number, maxItemSize: number): number {
  const sizes = classSizes(maxItemSize);
  const index = sizes.findIndex((chunk) => size <= chunk);
  return index === -1 ? sizes.length : index + 1;
}
