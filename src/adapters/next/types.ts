/** What Next.js passes to its handlers and expects of them: `next/dist/server/lib/cache-handlers/types` and `incremental-cache`. */

/** Data of a function with `use cache`; times are in seconds, `timestamp` in milliseconds of Unix time. */
export interface UseCacheEntry {
  value: ReadableStream<Uint8Array>;
  tags: string[];
  stale: number;
  timestamp: number;
  expire: number;
  revalidate: number;
}

/** How long what a tag was on may still be served, in seconds, while it is made again. */
export interface TagDurations {
  expire?: number;
}

/** A handler for `cacheHandlers` of next.config. */
export interface UseCacheHandler {
  get(cacheKey: string, softTags: string[]): Promise<UseCacheEntry | undefined>;
  set(cacheKey: string, pendingEntry: Promise<UseCacheEntry>): Promise<void>;
  refreshTags(): Promise<void>;
  getExpiration(tags: string[]): Promise<number>;
  updateTags(tags: string[], durations?: TagDurations): Promise<void>;
}

/** For how long a page is fresh, in seconds or for ever, and when it is too old to be served. */
export interface CacheControl {
  revalidate: number | false;
  expire: number | undefined;
}

/** What a handler for `cacheHandler` of next.config has of a key. */
export interface IncrementalEntry {
  lastModified: number;
  // Next.js has a type for each kind of value, and constants of its own for the kinds: it is its own value that it gets.
  // biome-ignore lint/suspicious/noExplicitAny: no type but this one fits a type that is not known here, both ways
  value: any;
  cacheControl?: CacheControl;
}

/** What Next.js says of itself when it makes a handler. */
export interface IncrementalContext {
  serverDistDir?: string;
}

/** What Next.js says of a read. */
export interface GetContext {
  kind: string;
  revalidate?: number | false;
  tags?: string[];
  softTags?: string[];
}

/** What Next.js says of what it stores. */
export interface SetContext {
  fetchCache?: boolean;
  tags?: string[];
  cacheControl?: CacheControl;
}

/** A handler for `cacheHandler` of next.config: Next.js makes one for each request. */
export interface IncrementalHandler {
  get(cacheKey: string, context: GetContext): Promise<IncrementalEntry | null>;
  set(cacheKey: string, data: unknown, context: SetContext): Promise<void>;
  revalidateTag(tags: string | string[], durations?: TagDurations): Promise<void>;
  resetRequestCache(): void;
}
