import type { CacheOptions } from '../../../src/cache/index.ts';
import type { ClientOptions } from '../../../src/index.ts';

/** What a writer is started with. */
export interface WriterJob {
  servers: string[];
  client: ClientOptions;
  cache: CacheOptions;
  key: string;
  bytes: number;
  writer: number;
}

const MARK = 16;

/** A value that says in each of its pieces which one it is. */
export function markedValue(bytes: number, writer: number, number: number): Buffer {
  const mark = Buffer.alloc(MARK);
  mark.writeUInt32BE(writer);
  mark.writeUInt32BE(number, 4);
  mark.writeDoubleBE(Math.random(), 8);
  return Buffer.alloc(bytes, mark);
}

/** Whether a value is one that was stored, whole. */
export function isMarked(value: unknown, bytes: number): boolean {
  if (!Buffer.isBuffer(value) || value.length !== bytes) return false;
  return value.equals(Buffer.alloc(bytes, value.subarray(0, MARK)));
}
