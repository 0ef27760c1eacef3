import { pause } from '../client/commands/update.ts';
import type { Engine } from '../client/engine.ts';
import { extended, FIRST_UNIX_TIME } from '../client/expiration.ts';
import { stubItem } from '../client/get-or-set/item-commands.ts';
import { LookCommand, type Seen } from '../client/get-or-set/look.ts';
import { type Life, lifeOf, type Plan } from '../client/get-or-set/plan.ts';
import { monotonicNow, wallNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { StoreItem } from '../protocol/request.ts';
import { type Encoded, type Footing, fromItem, type Stored, type TagVersion, toItem } from './envelope.ts';
import { deleteHome, lookHome, sendHome, storeHome } from './home.ts';
import type { CacheKeys } from './keys.ts';
import { INDEX } from './kind.ts';
import { PARTS_LONGER, SET_ATTEMPTS, STUB_LIFE } from './limits.ts';
import { eachNear, type Near, NearLookCommand } from './near.ts';
import type { Parts } from './parts.ts';
import type { CacheStats } from './stats.ts';
import type { Version, Versions } from './versions.ts';

/** What may be done with what lies under a key: give it, give it while a new one is made, or nothing. */
export type Worth = 'fresh' | 'stale' | 'dead';

/** What lies under a key. */
export interface Found {
  readonly worth: Worth;
  /** None where there is nothing, nothing of a cache, or nothing whole. */
  readonly stored: Stored | undefined;
  /** Whether there is an item, of whatever kind, but for the stub of a computation. */
  readonly occupied: boolean;
  /** Whether several callers get it, so that none may have its memory. */
  readonly shared: boolean;
}

/** The versions that a value is made under. */
export interface Ground {
  readonly version: string;
  readonly tags: readonly TagVersion[];
}

/** A value that is to be stored. */
export interface Putting {
  readonly encoded: Encoded;
  readonly ground: Ground;
  readonly plan: Plan;
  /** Whether it is a `null` with a life of its own. */
  readonly isMiss: boolean;
}

/** A look that others may share until it is sent. */
interface Asked {
  shared: boolean;
  /** Whether what is found is to be kept in memory. */
  admitted: boolean | undefined;
  readonly found: Promise<Found>;
}

/** The items of a cache: each in an envelope with the versions that it rests on, on the server of its key alone. */
export class Items {
  readonly #engine: Engine;
  readonly #keys: CacheKeys;
  readonly #versions: Versions;
  readonly #parts: Parts;
  /** What is at hand, where there is such a cache. */
  readonly #near: Near | undefined;
  readonly #stats: Pick<CacheStats, 'revalidated'>;
  /** What is asked in this turn. */
  readonly #asked = new Map<string, Asked>();
  /** The last set of a key: those of one process would only stand in each other's way. */
  readonly #storing = new Map<string, Promise<void>>();

  constructor(
    engine: Engine,
    keys: CacheKeys,
    versions: Versions,
    parts: Parts,
    near: Near | undefined,
    stats: Pick<CacheStats, 'revalidated'>,
  ) {
    this.#stats = stats;
    this.#engine = engine;
    this.#keys = keys;
    this.#versions = versions;
    this.#parts = parts;
    this.#near = near;
  }

  /** Asked once for all who look in this turn, and sent when all of them have begun. */
  look(key: string, admitted?: boolean): Promise<Found> {
    const known = this.#asked.get(key);
    if (known) {
      known.shared = true;
      known.admitted ||= admitted;
      return known.found;
    }
    const found: Promise<Found> = Promise.resolve().then(() => {
      this.#asked.delete(key);
      return this.#near ? this.#lookNear(key, asked, this.#near) : this.#look(key, asked.shared);
    });
    const asked: Asked = { shared: false, admitted, found };
    this.#asked.set(key, asked);
    return found;
  }

  async #look(key: string, shared: boolean): Promise<Found> {
    const [seen, version] = await this.#ask(new LookCommand(key, this.#engine));
    return this.#judge(seen, version, shared);
  }

  /** The same, and the server need not send again what is at hand; what is found takes its place there. */
  async #lookNear(key: string, { shared, admitted }: Asked, near: Near): Promise<Found> {
    const known = near.known(key);
    const work = near.begin(key);
    const readAt = monotonicNow();
    try {
      const look = new NearLookCommand(key, this.#engine, known, near);
      const [seen, version] = await this.#ask(look);
      if (known && seen.unchanged) {
        this.#stats.revalidated++;
        const { stored } = known;
        const worth = await this.#worthOf(stored, version, ageOf(stored, seen.timeLeft));
        if (worth === 'fresh') near.keep(key, work, readAt, known);
        else near.drop(key);
        return { worth, stored, occupied: true, shared: true };
      }
      const found = await this.#judge(seen, version, shared || admitted === true, known?.stored);
      const { stored } = found;
      if (stored && found.worth === 'fresh' && admitted) {
        near.keep(key, work, readAt, { stored, cas: seen.cas, connection: look.connection });
        void near.learn(look, this.#engine);
      } else near.drop(key);
      return found;
    } finally {
      near.end(key, work);
    }
  }

  /** The item and the version of the namespace; everything that they tell was asked after the call. */
  #ask(look: LookCommand): Promise<[Seen, Version | undefined]> {
    return Promise.all([sendHome(this.#engine, look) as Promise<Seen>, this.#version()]);
  }

  #version(): Promise<Version | undefined> {
    return this.#versions.peek(this.#keys.version);
  }

  /** What an item is worth that was read already, by the versions of now. */
  async judge(seen: Seen): Promise<Found> {
    return this.#judge(seen, await this.#version(), false);
  }

  async #judge(seen: Seen, version: Version | undefined, shared: boolean, known?: Stored): Promise<Found> {
    let stored = seen.item && fromItem(seen.item);
    let worth: Worth = 'dead';
    if (stored) {
      worth = await this.#worthOf(stored, version, seen.stale ? 'stale' : ageOf(stored, seen.timeLeft));
      if (stored.kind === INDEX && worth !== 'dead') {
        shared = true;
        stored = await this.#parts.whole(stored, known);
        if (!stored) worth = 'dead';
      }
    }
    return { worth, stored, occupied: Boolean(seen.item), shared };
  }

  /** At once, where there are no tags to ask for. */
  #worthOf(stored: Footing, version: Version | undefined, age: Worth): Worth | Promise<Worth> {
    const worth = worse(worthUnder(stored.version, version), age);
    return worth === 'dead' || !stored.tags.length ? worth : this.#worthByTags(stored.tags, worth);
  }

  async #worthByTags(tags: readonly TagVersion[], otherwise: Worth): Promise<Worth> {
    const worths = tags.map(async ([tag, id]) => worthUnder(id, await this.#versions.peek(this.#keys.tag(tag))));
    return (await Promise.all(worths)).reduce(worse, otherwise);
  }

  /** The versions of now, for what is about to be made; fresh ones where there are none. */
  async ground(tags: readonly string[]): Promise<Ground> {
    const idOf = async (key: string): Promise<string> => (await this.#versions.current(key)).id;
    const [version, ids] = await Promise.all([
      idOf(this.#keys.version),
      Promise.all(tags.map(async (tag): Promise<TagVersion> => [tag, await idOf(this.#keys.tag(tag))])),
    ]);
    return { version, tags: ids };
  }

  /** Whether these are still the versions of now. */
  async stands({ version, tags }: Ground): Promise<boolean> {
    const [now, worth] = await Promise.all([this.#version(), this.#worthByTags(tags, 'fresh')]);
    return now?.id === version && worth === 'fresh';
  }

  /** Has `place` store the item of a value: the value itself, or its index when all of its parts are stored. */
  async put(
    { encoded, ground, plan, isMiss }: Putting,
    place: (item: StoreItem, life: Life) => Promise<void>,
  ): Promise<void> {
    this.#parts.check(encoded);
    const life = lifeOf(plan, isMiss);
    const footing: Footing = { ...ground, freshUntil: momentOf(life.fresh), staleFor: isMiss ? 0 : plan.staleFor };
    const { partSize } = this.#parts;
    let item = encoded.payload.length > partSize ? undefined : toItem(encoded, footing);
    if (!item || item.value.length > partSize) {
      // A value is not to end because its parts have, which are stored earlier.
      item = toItem(await this.#parts.store(encoded, extended(life.whole, PARTS_LONGER)), footing);
    }
    await place({ ...item, expiration: life.whole }, life);
  }

  /**
   * Stores an item in place of what is there now, a stub where there is nothing: so a command that arrives late, after
   * it was given up or once more, finds something else and does nothing.
   */
  store(key: string, item: StoreItem): Promise<void> {
    const stored = (this.#storing.get(key) ?? Promise.resolve()).then(() => this.#store(key, item));
    const end = (): void => {
      if (this.#storing.get(key) === settled) this.#storing.delete(key);
    };
    const settled = stored.then(end, end);
    this.#storing.set(key, settled);
    return stored;
  }

  async #store(key: string, item: StoreItem): Promise<void> {
    let began = 0;
    for (let attempt = 0; attempt < SET_ATTEMPTS; attempt++) {
      if (attempt > 0) await pause(attempt, began);
      began = monotonicNow();
      const stub = storeHome(this.#engine, Op.Add, key, stubItem(STUB_LIFE, this.#engine));
      const [, { cas, item: old, stub: isStub }] = await Promise.all([stub, lookHome(this.#engine, key)]);
      // Without CAS there is nothing to compare.
      const isThere = cas || old || isStub;
      if (isThere && (await storeHome(this.#engine, Op.Set, key, { ...item, cas: cas || undefined }))) return;
    }
    await deleteHome(this.#engine, key);
    throw new MemcacheError('ERR_BUSY', 'The item was changed in each attempt');
  }

  /** A write of this process: whatever this client has of the key in memory is not given from here on. */
  async writing<T>(key: string, write: () => Promise<T>): Promise<T> {
    eachNear(this.#engine, (near) => near.beginWrite(key));
    try {
      return await write();
    } finally {
      eachNear(this.#engine, (near) => near.endWrite(key));
    }
  }
}

/** What a value is worth by one of the versions that it rests on. */
function worthUnder(id: string, now: Version | undefined): Worth {
  if (now?.id === id) return 'fresh';
  return now?.previous.has(id) ? 'stale' : 'dead';
}

function worse(one: Worth, other: Worth): Worth {
  return one === 'dead' || other === 'fresh' ? one : other;
}

/** By the server's clock where the protocol tells what is left, otherwise by that of who stored it. */
function ageOf({ freshUntil, staleFor }: Footing, timeLeft = -1): Worth {
  if (!freshUntil || !staleFor) return 'fresh';
  const isFresh = timeLeft < 0 ? wallNow() < freshUntil : timeLeft >= staleFor;
  return isFresh ? 'fresh' : 'stale';
}

/** The moment of an expiration, in milliseconds of Unix time; 0 is never. */
function momentOf(expires: number): number {
  if (!expires) return 0;
  return expires < FIRST_UNIX_TIME ? wallNow() + expires * 1000 : expires * 1000;
}
