import { invalidatedSince, type Mark, type Page } from '../../cache/journal.ts';
import type { Judge } from '../../cache/leases.ts';
import { timestampNow } from '../../clock.ts';
import type { Store } from './store.ts';
import { collect, streamOf } from './stream.ts';
import type { TagDurations, UseCacheEntry, UseCacheHandler } from './types.ts';

/** What is stored of an entry. */
interface Stored extends Omit<UseCacheEntry, 'value'> {
  bytes: Buffer;
  /** When it was begun in the order of invalidations, for the tags of paths, which are not its own. */
  mark: Mark;
}

/** How many changes of the journal are remembered, to know what it said when an entry was begun. */
const MOST_MARKS = 1000;

/** The handler of `use cache: remote`. */
export class UseCache implements UseCacheHandler {
  readonly #open: () => Store;
  readonly #mostBytes: number;
  /** What is being stored, which whoever asks for it waits for. */
  readonly #pending = new Map<string, Promise<void>>();
  /** What the journal said last; none where it could not be read. */
  #page: Page | undefined;
  /** When the journal said something new, by when it was asked. */
  readonly #marks: { asked: number; mark: Mark }[] = [];
  /** Whether the host says when a request begins, as Next.js does; otherwise the journal is read for each call. */
  #hostRefreshes = false;

  constructor(open: () => Store, mostBytes: number) {
    this.#open = open;
    this.#mostBytes = mostBytes;
  }

  async get(key: string, softTags: string[]): Promise<UseCacheEntry | undefined> {
    await this.#pending.get(key);
    const store = this.#open();
    if (softTags.length > 0 && !(this.#hostRefreshes && this.#page)) await this.#refresh();
    const read = await store.take(key, this.#judgeOf(softTags), true);
    if (read.value === undefined) return undefined;
    const { bytes, mark, ...entry } = read.value as Stored;
    if (read.isInvalidated) entry.revalidate = -1;
    else if (read.worth === 'stale' && !read.isLeader) {
      // One instance makes it again; to the others it is fresh until that one should have done so.
      entry.revalidate = (timestampNow() - entry.timestamp) / 1000 + store.lockFor;
    }
    return { ...entry, value: streamOf(bytes) };
  }

  set(key: string, pendingEntry: Promise<UseCacheEntry>): Promise<void> {
    const begun = this.#hostRefreshes ? undefined : this.#open().page();
    const done = this.#store(key, pendingEntry, begun).finally(() => {
      if (this.#pending.get(key) === done) this.#pending.delete(key);
    });
    this.#pending.set(key, done);
    return done;
  }

  /** Once for each request: what other instances have invalidated until now is not given from here on. */
  refreshTags(): Promise<void> {
    this.#hostRefreshes = true;
    return this.#refresh();
  }

  async #refresh(): Promise<void> {
    const asked = timestampNow();
    const page = await this.#open().page();
    if (page?.id === this.#page?.id && (page?.count ?? 0) < (this.#page?.count ?? 0)) return;
    this.#page = page;
    if (page === undefined) return;
    const last = this.#marks.at(-1)?.mark;
    if (last?.id === page.id && last.count === page.count) return;
    this.#marks.push({ asked, mark: markOf(page) });
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
  }

  /** The tags of paths are looked at by `get`, which has a moment in the order of invalidations for each entry, not a time. */
  async getExpiration(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  async updateTags(tags: string[], durations?: TagDurations): Promise<void> {
    await this.#open().invalidate(tags, durations);
    await this.#refresh();
  }

  /** `begun` is the moment at which the entry was handed over, where nothing tells when its request began. */
  async #store(key: string, pendingEntry: Promise<UseCacheEntry>, begun?: Promise<Page | undefined>): Promise<void> {
    const store = this.#open();
    try {
      const { value, tags, stale, timestamp, expire, revalidate } = await pendingEntry;
      const bytes = await collect(value, this.#mostBytes);
      const mark = begun === undefined ? this.#markAt(timestamp) : markOf(await begun);
      // It is stale as soon as it is there.
      if (expire <= 0 || revalidate <= 0) await store.pass(key);
      else {
        const stored = { bytes, tags, stale, timestamp, expire, revalidate, mark };
        await store.set(key, { value: stored, tags, expire }, mark);
      }
    } catch (error) {
      // A stream that broke off is the host's to report.
      await store.fail(key, error);
    }
  }

  /** What the journal said when an entry was begun. */
  #markAt(timestamp: number): Mark | undefined {
    // `Date.now()` has whole milliseconds, of which this may be the end.
    const latest = Number.isInteger(timestamp) ? timestamp + 1 : timestamp;
    return this.#marks.findLast(({ asked }) => asked <= latest)?.mark;
  }

  #judgeOf(softTags: readonly string[]): Judge {
    return (value) => {
      const { timestamp, expire, revalidate, mark } = value as Stored;
      const age = (timestampNow() - timestamp) / 1000;
      const page = this.#page;
      if (age > expire) return 'dead';
      if (softTags.length > 0 && (page === undefined || invalidatedSince(mark, page, 'lasting', softTags)))
        return 'dead';
      return age > revalidate ? 'stale' : 'fresh';
    };
  }
}

function markOf(page: Page): Mark;
function markOf(page: Page | undefined): Mark | undefined;
function markOf(page: Page | undefined): Mark | undefined {
  return page && { id: page.id, count: page.count };
}
