import { monotonicNow } from '../../../clock.ts';
import type { Backend } from '../../../cluster/backend.ts';
import { Op } from '../../../protocol/op.ts';
import type { StoreItem } from '../../../protocol/request.ts';
import type { Engine } from '../../engine.ts';
import type { OpenCall } from '../../open-calls.ts';
import { Copies } from '../copies.ts';
import { keyBeside, serverSeconds } from '../format.ts';
import type { Right, Sight } from '../guard.ts';
import { expiredItem, ItemCommand, lockItem, markerItem, stubItem } from '../item-commands.ts';
import { hasMarkers, isOld, needsMarker, type Seen } from '../look.ts';
import type { ToStore } from '../outcome.ts';
import { isRefusal } from '../outcome.ts';
import type { Plan } from '../plan.ts';
import { type Asked, KeyBatches, type Outcome, type Row } from './key-batches.ts';

/** What a look at one key of many has found; no sight where its server can't be asked. */
export interface Glance {
  readonly asked: Asked;
  readonly server: Backend | undefined;
  readonly sight: Sight | undefined;
}

/** A key whose value this call is to make; without a right, nothing of it is stored. */
export interface Won {
  readonly asked: Asked;
  readonly right: Right | undefined;
}

/** Does for many keys, in batches, what a `Guard` does for one. `failed` hears what goes wrong with the cache. */
export class ManyGuard {
  readonly #engine: Engine;
  readonly #plan: Plan;
  readonly #batches: KeyBatches;
  readonly #failed: (what: string, error: unknown) => void;

  constructor(engine: Engine, plan: Plan, call: OpenCall, failed: (what: string, error: unknown) => void) {
    this.#engine = engine;
    this.#plan = plan;
    this.#batches = new KeyBatches(engine, call);
    this.#failed = failed;
  }

  async look(asked: readonly Asked[]): Promise<Glance[]> {
    const early = this.#plan.staleFor > 0 ? asked.filter((key) => this.#isByMarker(key)) : [];
    const [found, markers] = await Promise.all([
      this.#batches.look(asked.map((key): Row => [key, key.wire])),
      this.#marked(early),
    ]);
    const late = found.filter(({ asked: key, outcome }) => {
      return outcome !== undefined && needsMarker(outcome, this.#plan) && !markers.has(key);
    });
    for (const [key, marked] of await this.#marked(late.map((one) => one.asked))) markers.set(key, marked);
    return found.map((one) => this.#glance(one, markers));
  }

  /** Whether the value of a sight is past its `expires`. */
  isOld({ seen, marked }: Sight, copies: Copies): boolean {
    return isOld(seen, marked, copies.isMiss, this.#plan);
  }

  /** Tries to get the right to make missing values, and looks once more behind that; the others are as they are then. */
  async claim(asked: readonly Asked[]): Promise<{ won: Won[]; others: Glance[] }> {
    const stub = stubItem(this.#plan.lockFor, this.#engine);
    const [added, glances] = await Promise.all([
      this.#batches.store(
        asked.map((key): Row => [key, key.wire, stub]),
        true,
      ),
      this.look(asked),
    ]);
    const won: Won[] = [];
    const others: Glance[] = [];
    for (const [index, glance] of glances.entries()) {
      const right = added[index]?.outcome === true ? this.takeOver(glance) : undefined;
      if (!right) others.push(glance);
      else won.push({ asked: glance.asked, right });
    }
    return { won, others };
  }

  /** The right that somebody else has, who seems to be gone; none where there is no stub to take. */
  takeOver({ server, sight }: Glance): Right | undefined {
    return server !== undefined && sight?.seen.stub ? { server, cas: sight.seen.cas } : undefined;
  }

  /** Tries to get the right to make new values for old ones, of which those that got it are left. */
  async lock(asked: readonly Asked[]): Promise<Won[]> {
    const item = lockItem(this.#plan.lockFor, this.#engine);
    const rows = asked.map((key): Row => [key, keyBeside(key.wire, 'lock'), item]);
    const added = (await this.#batches.store(rows, true)).filter(({ outcome }) => outcome === true);
    const lockedAt = monotonicNow();
    const now = await this.look(added.map((one) => one.asked));
    const won: Won[] = [];
    const given: Won[] = [];
    for (const [index, { asked: key, sight }] of now.entries()) {
      const { server } = added[index] as Outcome<boolean>;
      if (!server) continue;
      const right = { server, cas: sight?.seen.cas ?? 0n, lockedAt };
      (this.#isStillOld(sight) ? won : given).push({ asked: key, right });
    }
    await this.release(given);
    return won;
  }

  /** Stores what was made, each unless its key has been written or deleted since the right was won. */
  async store(made: readonly (Won & { stored: ToStore })[]): Promise<void> {
    const mine = made.filter((one) => this.#isOfServer(one));
    const marked = this.#plan.staleFor > 0 ? mine.filter(({ asked }) => this.#isByMarker(asked)) : [];
    // Before the values: see `Guard`.
    await this.#batches.store(marked.map(this.#markerRow), false);
    const rows = mine.filter(({ right }) => right?.cas !== 0n);
    const outcomes = await this.#batches.store(rows.map(storeRow), false);
    outcomes.push(...(await Promise.all(mine.filter(({ right }) => right?.cas === 0n).map(this.#replace))));
    const stored = new Set<Asked>();
    const refused = new Set<Asked>();
    for (const { asked, outcome, error } of outcomes) {
      if (outcome === true) stored.add(asked);
      if (error !== undefined) this.#failed('stored', error);
      if (isRefusal(error)) refused.add(asked);
    }
    const unmarked = marked.filter(({ asked }) => !stored.has(asked));
    await this.#batches.delete(unmarked.map(({ asked }): Row => [asked, keyBeside(asked.wire, 'fresh')]));
    await this.release(mine.filter(({ asked, right }) => right?.lockedAt !== undefined || refused.has(asked)));
  }

  /** Gives rights back, with nothing stored. */
  async release(rights: readonly Won[]): Promise<void> {
    const mine = rights.filter((one) => this.#isOfServer(one));
    const surely = (serverSeconds(this.#plan.lockFor) - 1) * 1000;
    const deleted: Row[] = [];
    const expired: Row[] = [];
    for (const { asked, right } of mine as (Won & { right: Right })[]) {
      const { lockedAt, cas } = right;
      if (lockedAt === undefined) {
        if (cas === 0n) deleted.push([asked, asked.wire]);
        else expired.push([asked, asked.wire, expiredItem(cas)]);
        // Past that time the lock may be another's.
      } else if (monotonicNow() - lockedAt < surely) deleted.push([asked, keyBeside(asked.wire, 'lock')]);
    }
    const outcomes = await Promise.all([this.#batches.delete(deleted), this.#batches.store(expired, false)]);
    for (const { error } of outcomes.flat()) if (error !== undefined) this.#failed('released', error);
  }

  #isStillOld(sight: Sight | undefined): boolean {
    const item = sight?.seen.item;
    if (!sight || !item) return false;
    try {
      return this.isOld(sight, new Copies(this.#engine, item));
    } catch {
      return false;
    }
  }

  #glance({ asked, server, outcome: seen, error }: Outcome<Seen>, markers: ReadonlyMap<Asked, boolean>): Glance {
    if (!seen || !server) {
      this.#failed('read', error);
      return { asked, server, sight: undefined };
    }
    return { asked, server, sight: { seen, marked: markers.get(asked) ?? true } };
  }

  async #marked(asked: readonly Asked[]): Promise<Map<Asked, boolean>> {
    const rows = asked.map((key): Row => [key, keyBeside(key.wire, 'fresh')]);
    const markers = await this.#batches.look(rows);
    return new Map(markers.map((marker) => [marker.asked, marker.outcome?.item !== undefined]));
  }

  readonly #markerRow = ({ asked, stored }: Won & { stored: ToStore }): Row => {
    return [asked, keyBeside(asked.wire, 'fresh'), markerItem(stored.life.fresh, this.#engine)];
  };

  /** Where CAS is switched off, a delete or flush during the computation is noticed all the same, but not a set. */
  readonly #replace = async ({ asked, right, stored }: Won & { stored: ToStore }): Promise<Outcome<boolean>> => {
    const { server } = right as Right;
    const command = new ItemCommand(Op.Replace, asked.wire, stored.item, this.#engine);
    command.unlogged = true;
    try {
      // A store is answered with yes or no.
      const outcome = (await command.submit(undefined, undefined, server)) as boolean;
      return { asked, server, outcome, error: undefined };
    } catch (error) {
      return { asked, server, outcome: undefined, error };
    }
  };

  /** A CAS is of no use at another server than that which has given it. */
  #isOfServer({ asked, right }: Won): boolean {
    return right !== undefined && this.#engine.fleet.backend(asked.wire) === right.server;
  }

  #isByMarker({ wire }: Asked): boolean {
    return hasMarkers(this.#engine.fleet.backend(wire));
  }
}

function storeRow({ asked, right, stored: { item } }: Won & { stored: ToStore }): Row {
  return [asked, asked.wire, { ...item, cas: (right as Right).cas } satisfies StoreItem];
}
