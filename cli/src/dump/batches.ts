/** Entries that are sent at a time, and about how many bytes they may come to. */
const MOST_ENTRIES = 1000;
const MOST_BYTES = 4 * 1024 * 1024;
/** Many values take longer than one, in seconds. */
const LEAST_TIMEOUT = 10;

/** How long what is made of many items may take, in seconds. */
export function longTimeout(timeout: number): number {
  return Math.max(timeout, LEAST_TIMEOUT);
}

/** The options of a client that sends batches for a long time, so that a connection may be lost meanwhile. */
export function batchOptions(timeout: number): { timeout: number; conntimeout: number; retries: number } {
  return { timeout: longTimeout(timeout), conntimeout: timeout, retries: 2 };
}

export type Batch<T> = readonly [T, ...T[]];

/** Puts entries together that may go in one batch. */
export async function* batches<T>(
  entries: AsyncIterable<T>,
  bytesOf: (entry: T) => number,
  together: (first: T, next: T) => boolean = () => true,
): AsyncGenerator<Batch<T>> {
  let batch: [T, ...T[]] | undefined;
  let bytes = 0;
  for await (const entry of entries) {
    if (batch !== undefined && batch.length < MOST_ENTRIES && bytes < MOST_BYTES && together(batch[0], entry)) {
      batch.push(entry);
      bytes += bytesOf(entry);
      continue;
    }
    if (batch !== undefined) yield batch;
    batch = [entry];
    bytes = bytesOf(entry);
  }
  if (batch !== undefined) yield batch;
}
