import { serverSeconds } from '../client/get-or-set/format.ts';
import { Guard, type Right, type Sight } from '../client/get-or-set/guard.ts';
import { type Plan, pauseAfter, toPlan } from '../client/get-or-set/plan.ts';
import type { OpenCall } from '../client/open-calls.ts';
import { monotonicNow } from '../clock.ts';
import { homeOf } from './home.ts';
import { type Inside, insideOf } from './inside.ts';
import type { Found, Worth } from './items.ts';
import { checkTags } from './options.ts';

/** What a value is worth to who reads it, besides what its tags say. */
export type Judge = (value: unknown) => Worth | Promise<Worth>;

/** The right to make the value of a key, which others wait for meanwhile. */
export interface Lease {
  readonly guard: Guard;
  readonly right: Right;
  /** Until when it is surely this process's, on the monotonic clock. */
  readonly until: number;
}

/** What was found under a key. */
export interface Taken {
  /** `undefined` where it has to be made. */
  readonly value: unknown;
  readonly worth: Worth;
  /** Whether the tags alone make the value stale. */
  readonly isInvalidated: boolean;
  /** Whoever has it is to make the value again, and to store it or to give it back. */
  readonly lease: Lease | undefined;
}

/** What a value is stored with. */
export interface Storage {
  readonly tags: readonly string[];
  /** In seconds; 0 is for ever. */
  readonly expires: number;
  /** Asked when the versions of the tags are known, which the value may be older than: it is not stored where this says no. */
  readonly stands?: () => Promise<boolean>;
}

/**
 * `getOrSet` in two halves, for a host that reads and stores by itself and tells nobody what it does in between: a read that
 * finds nothing gives one of all processes a lease, and the others wait until it has stored a value.
 */
export class Leases {
  readonly #cache: Inside;
  readonly #plan: Plan;

  /** `lockFor` is how long a lease holds, in seconds. Throws `ERR_INVALID_ARGUMENT`. */
  constructor(cache: object, lockFor: number) {
    this.#cache = insideOf(cache);
    this.#plan = toPlan({ expires: 0, lockFor }, this.#cache.engine);
  }

  /**
   * Reads a value, or gets the lease, or, if `waits`, waits for who has it. Rejects when the server of the value, or that of
   * a tag, can't be asked.
   */
  take(key: string, judge: Judge, waits: boolean): Promise<Taken> {
    const wire = this.#cache.keys.value(key);
    return this.#cache.engine.calls.begin((call) => this.#take(wire, judge, waits, call));
  }

  async #take(wire: string, judge: Judge, waits: boolean, call: OpenCall): Promise<Taken> {
    const guard = this.#guard(wire, call);
    const patience = monotonicNow() + serverSeconds(this.#plan.lockFor) * 1000;
    for (let looks = 0; ; looks++) {
      const found = await this.#cache.items.look(wire);
      const seen = await this.#see(found, judge);
      if (seen.worth === 'fresh') return { ...seen, lease: undefined };
      const isOver = monotonicNow() > patience;
      const lease = await this.#claim(guard, found, judge, isOver);
      if (seen.worth === 'stale' || lease !== undefined || isOver || !waits) return { ...seen, lease };
      await call.pause(pauseAfter(looks));
    }
  }

  async #see({ stored, worth, shared }: Found, judge: Judge): Promise<Omit<Taken, 'lease'>> {
    const isInvalidated = worth === 'stale';
    if (stored === undefined || worth === 'dead') return { value: undefined, worth: 'dead', isInvalidated };
    let value: unknown;
    try {
      value = this.#cache.codec.decode(stored, shared);
    } catch {
      return { value: undefined, worth: 'dead', isInvalidated };
    }
    const judged = await judge(value);
    if (judged === 'dead') return { value: undefined, worth: judged, isInvalidated };
    return { value, worth: isInvalidated ? 'stale' : judged, isInvalidated };
  }

  async #claim(guard: Guard, found: Found, judge: Judge, takesOver: boolean): Promise<Lease | undefined> {
    const until = monotonicNow() + this.#plan.lockFor * 1000;
    let right: Right | undefined;
    if (found.occupied) right = await guard.lock((sight) => this.#isOld(sight, judge));
    else {
      const claim = await guard.claim();
      right = claim.right ?? (takesOver ? guard.takeOver(claim.sight) : undefined);
    }
    return right && { guard, right, until };
  }

  async #isOld({ seen }: Sight, judge: Judge): Promise<boolean> {
    if (seen.item === undefined) return false;
    const { worth } = await this.#see(await this.#cache.items.judge(seen), judge);
    return worth !== 'fresh';
  }

  /**
   * Stores a value; whether it was stored, or at least nobody's newer one is in its place. Rejects when a server is away,
   * and for a value that can't be stored; the lease is given back then, too.
   */
  store(key: string, value: unknown, storage: Storage, lease: Lease | undefined): Promise<boolean> {
    return this.#cache.engine.calls.hold(() => this.#store(key, value, storage, lease));
  }

  async #store(key: string, value: unknown, storage: Storage, lease: Lease | undefined): Promise<boolean> {
    let given = lease;
    try {
      const { items, codec, keys } = this.#cache;
      const encoded = codec.encode(value);
      const ground = await items.ground(checkTags(storage.tags));
      if ((await storage.stands?.()) === false) return false;
      const wire = keys.value(key);
      const putting = { encoded, ground, plan: { ...this.#plan, expires: storage.expires }, isMiss: false };
      await items.writing(wire, () =>
        items.put(putting, (item, life) => {
          // Later than that, another process may have the right, and the value is stored as by somebody without one.
          if (lease === undefined || monotonicNow() >= lease.until) return items.store(wire, item);
          return lease.guard.store(lease.right, item, life);
        }),
      );
      given = undefined;
      return true;
    } finally {
      if (given !== undefined) await this.release(given);
    }
  }

  /** Gives a lease back, with nothing stored: who waits may get it at once. */
  async release({ guard, right, until }: Lease): Promise<void> {
    // A stub that nobody answers for is gone soon by itself.
    if (monotonicNow() < until) await guard.release(right).catch(() => {});
  }

  /** How old a value is stands in its envelope, so that it takes no marker. */
  #guard(wire: string, call: OpenCall): Guard {
    const { engine } = this.#cache;
    return new Guard(engine, wire, this.#plan, call, (key) => homeOf(engine, key));
  }
}
