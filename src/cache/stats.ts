/** What a cache has done, in numbers since it was made. */
export interface CacheStats {
  /** Reads that gave a fresh value, out of memory or from a server. */
  hits: number;
  /** Those of them that were given out of memory without a question. */
  near: number;
  /** Those of them that a server said of that they have not changed. */
  revalidated: number;
  /** Reads that found nothing that may be given. */
  misses: number;
  /** Calls of `compute`, those in the background included, whose callers got a stale value. */
  computed: number;
  /** Reads by `getOrSet` that gave a value that was past its `expires`, or invalidated with `staleFor`. */
  stale: number;
  /** Stored values that could not be read, or that a schema refused. */
  unreadable: number;
  /** What went wrong with servers. */
  errors: number;
  /** What is kept in memory, in bytes. */
  bytes: number;
}
