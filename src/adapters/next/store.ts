import { Cache } from '../../cache/cache.ts';
import { insideOf } from '../../cache/inside.ts';
import { invalidatedSince, Journal, type Mark, type Page } from '../../cache/journal.ts';
import { type Judge, type Lease, Leases, type Taken } from '../../cache/leases.ts';
import { monotonicNow } from '../../clock.ts';
import { MemcacheError } from '../../index.ts';
import { type AdapterClient, holdClient } from '../shared/client.ts';
import { toExpiration } from '../shared/lifetime.ts';
import { AdapterLog } from '../shared/log.ts';
import type { NextOptions } from './options.ts';
import type { TagDurations } from './types.ts';

/** What Next.js puts before the tags that it makes of paths: what is on one need not rest on it. */
const PATH_TAG = '_N_T_';

/** For how long at most a value is served that was invalidated with a profile, in seconds: what has none lives a year. */
const YEAR = 365 * 24 * 3600;

/** For how long nobody waits for a key again whose lease led to no value, in milliseconds. */
const NO_WAIT = 60_000;

/** How much is remembered of leases, of waits without a value, and of invalidations that have failed so far. */
const MOST = 10_000;

/** What a read gives its host. */
export interface Read extends Omit<Taken, 'lease'> {
  /** Whether the host is to make a value, which the others wait for or serve an old one meanwhile. */
  readonly isLeader: boolean;
}

/** A value that is to be stored. */
export interface Entry {
  readonly value: unknown;
  readonly tags: readonly string[];
  /** In seconds; `undefined` is for ever. */
  readonly expire: number | undefined;
}

/** Where the servers can't be asked, everybody makes the value. */
const AWAY: Read = { value: undefined, worth: 'dead', isInvalidated: false, isLeader: true };

/** One client for all handlers that have their options in common. */
const CLIENTS = new WeakMap<NextOptions, AdapterClient>();

/** The cache of a handler: it never throws for what servers do, and repeats invalidations that have not come through. */
export class Store {
  readonly lockFor: number;
  readonly #cache: Cache<never, unknown>;
  readonly #leases: Leases;
  readonly #journal: Journal;
  readonly #log: AdapterLog;
  /** The leases of this process. */
  readonly #held = new Map<string, Lease>();
  /** Until when nobody waits for a key. */
  readonly #vain = new Map<string, number>();
  /** Tags whose invalidation has not come through, and for how long what was on them may be served. */
  readonly #unsent = new Map<string, number>();
  /** Whether there were more of them than could be remembered. */
  #unsentAll = false;
  #flushing: Promise<boolean> | undefined;

  constructor(options: NextOptions, name: string) {
    const { namespace = 'next', lockFor = 10, partSize, maxBytes } = options;
    const client = clientOf(options);
    this.lockFor = lockFor;
    this.#log = new AdapterLog(client);
    this.#cache = new Cache(client, { namespace: `${namespace}:${name}`, partSize, maxBytes });
    this.#leases = new Leases(this.#cache, lockFor);
    const { engine, keys } = insideOf(this.#cache);
    this.#journal = new Journal(engine, keys.own('j'));
  }

  /**
   * What is under a key. Where there is nothing, one process gets the lease and the others wait; where several of this
   * process come, they wait only if `shares` is false.
   */
  async take(key: string, judge: Judge, shares: boolean): Promise<Read> {
    if (!(await this.#flush())) return AWAY;
    const held = this.#lease(key);
    const waits = (held === undefined || !shares) && !this.#isVain(key);
    const began = monotonicNow();
    try {
      const taken = await this.#leases.take(key, judge, waits);
      if (taken.lease !== undefined) put(this.#held, key, taken.lease);
      if (waits && taken.value === undefined && monotonicNow() - began > this.lockFor * 500) {
        put(this.#vain, key, monotonicNow() + NO_WAIT);
      }
      return { ...taken, isLeader: taken.lease !== undefined || (taken.value === undefined && shares) };
    } catch (error) {
      this.#warn('a read failed, which is a miss', error);
      return AWAY;
    }
  }

  /** Stores a value that was made since `mark`, unless one of its tags was invalidated since; without a mark nobody knows. */
  async set(key: string, { value, tags, expire }: Entry, mark: Mark | undefined): Promise<void> {
    if (mark === undefined) return this.release(key);
    const lease = this.#lease(key);
    this.#held.delete(key);
    const named = tags.filter((tag) => tag !== '');
    const stands = async (): Promise<boolean> =>
      !invalidatedSince(mark, await this.#journal.read(), 'recent', named) &&
      !named.some((tag) => this.#unsent.has(tag));
    try {
      const expires = expire === undefined || expire >= YEAR * 10 ? 0 : toExpiration(expire * 1000);
      await this.#leases.store(key, value, { tags: named, expires, stands }, lease);
    } catch (error) {
      this.#warn('a value was not stored', error);
    }
  }

  /** Gives the lease of a key back, if there is one, with nothing stored. */
  async release(key: string): Promise<void> {
    const lease = this.#lease(key);
    this.#held.delete(key);
    if (lease !== undefined) await this.#leases.release(lease);
  }

  /** Nobody waits for a value that is never stored. */
  async pass(key: string): Promise<void> {
    put(this.#vain, key, monotonicNow() + NO_WAIT);
    await this.release(key);
  }

  /** Gives the lease back of a value whose making has failed. */
  async fail(key: string, error: unknown): Promise<void> {
    this.#warn('a value was not stored', error);
    await this.release(key);
  }

  /** The moment of now in the order of invalidations; none where its server is away. */
  async page(): Promise<Page | undefined> {
    try {
      return await this.#journal.read();
    } catch (error) {
      this.#warn('the journal of tags could not be read, so that values on paths are misses', error);
      return undefined;
    }
  }

  /** Invalidates what is on the tags, for all instances. What does not come through is tried again before the next read. */
  async invalidate(tags: readonly string[], durations: TagDurations | undefined): Promise<void> {
    const staleFor = staleForOf(durations);
    for (const tag of tags) {
      if (tag === '') continue;
      if (this.#unsent.size >= MOST) this.#unsentAll = true;
      else this.#unsent.set(tag, Math.min(staleFor, this.#unsent.get(tag) ?? staleFor));
    }
    await this.#flush();
  }

  /** Whether every invalidation of this process has come through. */
  async #flush(): Promise<boolean> {
    while (this.#unsent.size > 0) {
      this.#flushing ??= this.#send().finally(() => {
        this.#flushing = undefined;
      });
      if (!(await this.#flushing)) return false;
    }
    return true;
  }

  async #send(): Promise<boolean> {
    const sending = new Map(this.#unsent);
    const all = this.#unsentAll;
    const lasts = (tag: string): boolean => tag.startsWith(PATH_TAG) && sending.get(tag) === 0;
    try {
      // Before the versions: who stores a value on a new version then sees here that there was an invalidation.
      await this.#journal.note([...sending.keys()], lasts);
      if (all) await this.#cache.clear();
      await Promise.all(
        Array.from(new Set(sending.values()), (staleFor) => {
          const tags = [...sending.keys()].filter((tag) => sending.get(tag) === staleFor);
          return this.#cache.invalidateTags(tags, { staleFor });
        }),
      );
    } catch (error) {
      this.#warn('an invalidation has not come through, and is repeated before the next read', error);
      return false;
    }
    for (const [tag, staleFor] of sending) if (this.#unsent.get(tag) === staleFor) this.#unsent.delete(tag);
    if (all) this.#unsentAll = false;
    return true;
  }

  #lease(key: string): Lease | undefined {
    const lease = this.#held.get(key);
    if (lease === undefined || monotonicNow() < lease.until) return lease;
    this.#held.delete(key);
    return undefined;
  }

  #isVain(key: string): boolean {
    const until = this.#vain.get(key);
    if (until === undefined || monotonicNow() < until) return until !== undefined;
    this.#vain.delete(key);
    return false;
  }

  #warn(text: string, error: unknown): void {
    // The client has said what became of its servers.
    const reason = error instanceof MemcacheError ? error.code : 'an error of the host';
    this.#log.warn(`memts/next: ${text} (${reason})`);
  }
}

function clientOf(options: NextOptions): AdapterClient {
  let client = CLIENTS.get(options);
  if (client === undefined) {
    const { client: given, servers, namespace, buildId, lockFor, partSize, maxBytes, ...others } = options;
    client = holdClient(given ?? servers, others).client;
    CLIENTS.set(options, client);
  }
  return client;
}

/** For how many seconds what is invalidated may still be served; 0 is not at all. */
function staleForOf(durations: TagDurations | undefined): number {
  if (durations === undefined) return 0;
  return Math.floor(Math.min(Math.max(durations.expire ?? YEAR, 0), YEAR));
}

/** Keeps the newest. */
function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value as string);
}
