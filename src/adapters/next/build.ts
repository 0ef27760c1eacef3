import { timestampNow, wallNow } from '../../clock.ts';
import { collect, streamOf } from './stream.ts';
import type { GetContext, IncrementalEntry, SetContext, UseCacheEntry } from './types.ts';

/** Whether this is a process of `next build`, which has no servers to ask and stores for none. */
export function isBuild(): boolean {
  return process.env.NEXT_PHASE === 'phase-production-build';
}

/** How much a process of a build keeps, in bytes. */
const MOST_BYTES = 50 * 1024 * 1024;

/** Data in memory while a build runs, so that its pages share what they fetch; the oldest goes. */
class Memory<T> {
  readonly #entries = new Map<string, { entry: T; size: number }>();
  #bytes = 0;

  get(key: string): T | undefined {
    return this.#entries.get(key)?.entry;
  }

  set(key: string, entry: T, size: number): void {
    this.#delete(key);
    this.#entries.set(key, { entry, size });
    this.#bytes += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}

/** The handler of `use cache: remote` while a build runs. */
export class BuildUseCache {
  readonly #entries = new Memory<Omit<UseCacheEntry, 'value'> & { bytes: Buffer }>();

  get(key: string): UseCacheEntry | undefined {
    const found = this.#entries.get(key);
    if (found === undefined || timestampNow() > found.timestamp + found.revalidate * 1000) return undefined;
    const { bytes, ...entry } = found;
    return { ...entry, value: streamOf(bytes) };
  }

  async set(key: string, pendingEntry: Promise<UseCacheEntry>): Promise<void> {
    const { value, ...entry } = await pendingEntry;
    const bytes = await collect(value, MOST_BYTES);
    this.#entries.set(key, { ...entry, bytes }, bytes.length);
  }
}

/** What was fetched while a build runs; its pages are files. */
export class BuildFetches {
  readonly #entries = new Memory<IncrementalEntry>();

  get(key: string, { kind }: GetContext): IncrementalEntry | null {
    return kind === 'FETCH' ? (this.#entries.get(key) ?? null) : null;
  }

  set(key: string, value: unknown, { fetchCache }: SetContext): void {
    if (fetchCache === true) {
      this.#entries.set(key, { lastModified: wallNow(), value }, JSON.stringify(value).length);
    }
  }
}
