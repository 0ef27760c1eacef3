import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worth } from '../../cache/items.ts';
import { invalidatedSince, type Mark, type Page } from '../../cache/journal.ts';
import { monotonicNow, wallNow } from '../../clock.ts';
import type { Store } from './store.ts';
import type {
  CacheControl,
  GetContext,
  IncrementalContext,
  IncrementalEntry,
  SetContext,
  TagDurations,
} from './types.ts';

/** What is stored of an entry. */
interface Stored {
  value: Value | null;
  tags: readonly string[];
  /** In milliseconds of Unix time. */
  lastModified: number;
  cacheControl: CacheControl | undefined;
  /** When it was begun in the order of invalidations, for the tags of paths, which are not its own. */
  mark: Mark;
}

/** What Next.js stores, as far as it matters here. */
interface Value {
  headers?: Record<string, unknown>;
  revalidate?: number;
}

const FETCH = 'FETCH';
const TAGS_HEADER = 'x-next-cache-tags';

/** For how long one reading of the journal does for a request, in milliseconds. */
const TRUST = 1000;

/** The pages, responses and fetches of one request. */
export class Incremental {
  readonly #store: Store;
  readonly #build: string;
  /** What the journal said when a key was asked for, before its value was made. */
  readonly #begun = new Map<string, Promise<Page | undefined>>();
  #last: { asked: number; page: Promise<Page | undefined> } | undefined;
  /** The tags of entries that this request could not use, since they lacked one. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(store: Store, build: string) {
    this.#store = store;
    this.#build = build;
  }

  async get(cacheKey: string, context: GetContext): Promise<IncrementalEntry | null> {
    const isFetch = context.kind === FETCH;
    const key = this.#key(cacheKey, isFetch);
    const page = this.#page();
    this.#begun.set(key, page);
    const judge = async (value: unknown): Promise<Worth> =>
      isFetch ? this.#judgeFetch(key, value as Stored, context, await page) : judgeResponse(value as Stored);
    const [read] = await Promise.all([this.#store.take(key, judge, !isFetch), page]);
    if (read.value === undefined) return null;
    const { value, cacheControl } = read.value as Stored;
    // What is said here of its age is how Next.js comes to know what is to be done.
    const isStale = read.worth === 'stale' && (read.isLeader || (isFetch && read.isInvalidated));
    if (!isStale) return { value, lastModified: wallNow(), ...(cacheControl && { cacheControl }) };
    if (isFetch) return { value, lastModified: wallNow() - (lifeOf(value, context) + 1) * 1000 };
    return { value, lastModified: wallNow() - 2000, cacheControl: { revalidate: 1, expire: cacheControl?.expire } };
  }

  async set(cacheKey: string, data: unknown, { fetchCache, tags = [], cacheControl }: SetContext): Promise<void> {
    const isFetch = fetchCache === true;
    const key = this.#key(cacheKey, isFetch);
    const value = data as Value | null;
    const mark = await (this.#begun.get(key) ?? this.#page());
    const all = isFetch ? [...new Set([...tags, ...(this.#known.get(key) ?? [])])] : tagsOf(value);
    const stored = {
      value,
      tags: all,
      lastModified: wallNow(),
      cacheControl,
      mark: mark && { id: mark.id, count: mark.count },
    };
    await this.#store.set(key, { value: stored, tags: all, expire: isFetch ? undefined : cacheControl?.expire }, mark);
  }

  revalidateTag(tags: string | string[], durations?: TagDurations): Promise<void> {
    this.#last = undefined;
    return this.#store.invalidate(typeof tags === 'string' ? [tags] : tags, durations);
  }

  resetRequestCache(): void {
    this.#last = undefined;
  }

  #key(cacheKey: string, isFetch: boolean): string {
    return `${this.#build}:${isFetch ? 'fetch' : 'page'}:${cacheKey}`;
  }

  #page(): Promise<Page | undefined> {
    const now = monotonicNow();
    if (this.#last === undefined || now - this.#last.asked > TRUST) {
      this.#last = { asked: now, page: this.#store.page() };
    }
    return this.#last.page;
  }

  #judgeFetch(key: string, stored: Stored, context: GetContext, page: Page | undefined): Worth {
    const { tags = [], softTags = [] } = context;
    if (!tags.every((tag) => stored.tags.includes(tag))) {
      // From then on it has the tags of all who use it.
      this.#known.set(key, stored.tags);
      return 'dead';
    }
    if (softTags.length > 0 && (page === undefined || invalidatedSince(stored.mark, page, 'lasting', softTags))) {
      return 'dead';
    }
    return wallNow() - stored.lastModified > lifeOf(stored.value, context) * 1000 ? 'stale' : 'fresh';
  }
}

function judgeResponse({ lastModified, cacheControl }: Stored): Worth {
  const age = (wallNow() - lastModified) / 1000;
  if (cacheControl?.expire !== undefined && age > cacheControl.expire) return 'dead';
  return typeof cacheControl?.revalidate === 'number' && age > cacheControl.revalidate ? 'stale' : 'fresh';
}

/** For how many seconds what was fetched is fresh, as Next.js reckons it. */
function lifeOf(value: Value | null, { revalidate }: GetContext): number {
  return revalidate || value?.revalidate || 0;
}

function tagsOf(value: Value | null): string[] {
  const header = value?.headers?.[TAGS_HEADER];
  return typeof header === 'string' ? [...new Set(header.split(','))] : [];
}

const BUILDS = new Map<string, string>();

/** What tells the entries of one build from those of others. */
export function buildOf({ serverDistDir }: IncrementalContext): string {
  if (serverDistDir === undefined) return '';
  let build = BUILDS.get(serverDistDir);
  if (build === undefined) {
    build = readBuild(serverDistDir);
    BUILDS.set(serverDistDir, build);
  }
  return build;
}

function readBuild(serverDistDir: string): string {
  try {
    return readFileSync(join(serverDistDir, '..', 'BUILD_ID'), 'utf8').trim();
  } catch {
    // As `next dev` has none.
    return 'development';
  }
}
