import type { Engine } from '../client/engine.ts';
import { withinTime } from '../client/get-or-set/computation.ts';
import { Flights } from '../client/get-or-set/flights.ts';
import { Guard, type Right, type Sight } from '../client/get-or-set/guard.ts';
import { isRefusal } from '../client/get-or-set/outcome.ts';
import { patienceOf, pauseAfter } from '../client/get-or-set/plan.ts';
import type { OpenCall } from '../client/open-calls.ts';
import { monotonicNow } from '../clock.ts';
import type { Codec } from './codec.ts';
import type { Encoded, Footing } from './envelope.ts';
import { homeOf } from './home.ts';
import type { Found, Ground, Items, Putting } from './items.ts';
import type { CallPlan } from './options.ts';

/** What one call of `getOrSet` is about. */
export interface Task extends CallPlan {
  /** As it goes on the wire. */
  readonly key: string;
  readonly compute: (context: { signal: AbortSignal }) => unknown;
  /** Whether what is found is to be kept in memory. */
  readonly admitted: boolean | undefined;
  /** The value for one caller; rejects where it can't be read, or the caller's schema refuses it. */
  read(encoded: Encoded, shared: boolean): Promise<unknown>;
  /** Called when somebody else makes the value, and this call waits for it. */
  readonly onWait?: (() => void) | undefined;
}

/** Where a value comes from, as the statistics count it. */
export type Origin = 'hits' | 'stale' | 'misses';

/** The value for one caller. */
export interface Served {
  readonly value: unknown;
  readonly from: Origin;
}

/** A value that was found or made for all who wait; none where `undefined` was made. */
interface Outcome {
  readonly encoded: Encoded | undefined;
  readonly from: Origin;
}

/** Hears of what happens: that something was computed, what went wrong with servers, what can't be read or a schema refuses. */
export type Note = (what: 'computed' | 'errors' | 'unreadable', error?: unknown) => void;

/** A computation that callers wait for. */
interface Run {
  readonly task: Task;
  readonly call: OpenCall;
  readonly guard: Guard;
  /** Whether what the outcome rests on has been asked for: who comes later may have to see a change since. */
  asked?: boolean;
  /** Whether the value is made and about to be stored: who comes then has to see what others have stored since. */
  made?: boolean;
  /** The versions that the value was made under; none where it was found, or where they could not be asked. */
  ground?: Ground | undefined;
  outcome?: Promise<Outcome>;
  /** One more look at the versions, shared by all who came late. */
  recheck?: boolean | Promise<boolean>;
}

/** The right to make a value; `undefined` where another process has it, `null` where its server can't be asked. */
type Claimed = Right | null | undefined;

/** One computation at a time for a key, in the process and between processes. */
export class Computations {
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #codec: Codec;
  readonly #note: Note;
  readonly #flights: Flights<Run>;

  constructor(engine: Engine, items: Items, codec: Codec, note: Note) {
    this.#engine = engine;
    this.#items = items;
    this.#codec = codec;
    this.#note = note;
    this.#flights = new Flights(engine);
  }

  /** The value of a key. Throws what `compute` throws, and what can't be stored or read of what it made. */
  async run(task: Task, caller: OpenCall): Promise<Served> {
    for (;;) {
      let run = this.#flights.open(task.key);
      if (!run) {
        const found = await this.look(task.key, task.admitted);
        const served = await this.#serve(task, found);
        if (served) return served;
        run = this.#flights.open(task.key);
        if (!run) return read(task, await this.#start(task, found, caller));
      }
      const { asked, made } = run;
      task.onWait?.();
      const outcome = await (run.outcome as Promise<Outcome>);
      if (made) continue;
      // Without tags nothing but the namespace can have been invalidated, and that counts as well.
      if (asked) run.recheck ??= run.ground ? this.#items.stands(run.ground).catch(() => false) : false;
      if (!asked || (await run.recheck)) return read(task, outcome);
    }
  }

  /** What was asked of a server; nothing where it can't be asked, which is no reason to fail. */
  async #unlessAway<T>(asked: Promise<T>, call?: OpenCall): Promise<T | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (!call?.closed) this.#note('errors', error);
      return undefined;
    }
  }

  /** What lies under a key; a server that can't be asked has nothing. */
  look(key: string, admitted?: boolean, call?: OpenCall): Promise<Found | undefined> {
    return this.#unlessAway(this.#items.look(key, admitted), call);
  }

  /** What was found, where it may be given. */
  async #serve(task: Task, found: Found | undefined): Promise<Served | undefined> {
    if (!found?.stored || found.worth === 'dead' || !hasTags(found.stored, task.tags)) return undefined;
    try {
      const value = await task.read(found.stored, found.shared);
      if (found.worth === 'fresh') return { value, from: 'hits' };
      this.#refresh(task);
      return { value, from: 'stale' };
    } catch (error) {
      this.#note('unreadable', error);
      return undefined;
    }
  }

  #begin(task: Task, call: OpenCall): Run {
    const engine = this.#engine;
    // How old a value is stands in its envelope, so that it takes no marker.
    const plan = { ...task.plan, staleFor: 0 };
    const guard = new Guard(engine, task.key, plan, call, (wire) => homeOf(engine, wire));
    return { task, call, guard };
  }

  #start(task: Task, found: Found | undefined, caller: OpenCall): Promise<Outcome> {
    const { calls } = this.#engine;
    caller.check();
    const run = this.#begin(task, calls.open());
    if (caller.left) run.call.leave();
    run.outcome = calls.follow(run.call, this.#make(run, found));
    this.#flights.start(task.key, task.key, run, run.outcome);
    return run.outcome;
  }

  /** Waits for the right to make the value, or for the value of another process. */
  async #make(run: Run, first: Found | undefined): Promise<Outcome> {
    const { task, call } = run;
    const patience = monotonicNow() + patienceOf(task.plan);
    // Behind the first turn, so that all who call in it are in time.
    await Promise.resolve();
    let found = first;
    for (let looks = 0; ; looks++) {
      run.asked = true;
      const ground = this.#ground(run);
      const right = found ? await this.#claim(run, found, monotonicNow() > patience) : null;
      if (right !== undefined || monotonicNow() > patience) {
        run.ground = await ground;
        return this.#compute(run, right);
      }
      task.onWait?.();
      await call.pause(pauseAfter(looks));
      found = await this.look(task.key, task.admitted, call);
      if (!found) call.check();
      const served = await this.#serve(task, found);
      if (served) return { encoded: found?.stored, from: served.from };
    }
  }

  /** Where there is none, nothing is stored. */
  #ground({ task, call }: Run): Promise<Ground | undefined> {
    return this.#unlessAway(this.#items.ground(task.tags), call);
  }

  /** The right to make a value: a stub where there is nothing, a lock where something worthless is in its place. */
  async #claim(run: Run, found: Found, takesOver: boolean): Promise<Claimed> {
    const { call, guard } = run;
    try {
      if (found.occupied) return await this.#lock(run);
      const { right, sight } = await guard.claim();
      return right ?? (takesOver ? guard.takeOver(sight) : undefined);
    } catch (error) {
      call.check();
      this.#note('errors', error);
      return null;
    }
  }

  #lock({ guard, task }: Run): Promise<Right | undefined> {
    return guard.lock((sight) => this.#isOld(sight, task));
  }

  /** Whether what is there is still to be replaced; what can't be judged is left to others. */
  async #isOld({ seen }: Sight, task: Task): Promise<boolean> {
    if (!seen.item) return false;
    try {
      const { stored, worth } = await this.#items.judge(seen);
      if (!stored || worth !== 'fresh' || !hasTags(stored, task.tags)) return true;
      return await task.read(stored, true).then(
        () => false,
        () => true,
      );
    } catch {
      return false;
    }
  }

  /** Makes a new value in the background, while the old one is served, where no other process does. */
  #refresh(task: Task): void {
    this.#flights.refresh(
      task.key,
      async (call) => {
        const run = this.#begin(task, call);
        run.ground = await this.#ground(run);
        const right = run.ground && (await this.#lock(run));
        if (right) await this.#compute(run, right);
      },
      (error) => this.#note('errors', error),
    );
  }

  /** Without a right, or without what the value rests on, nothing is stored. */
  async #compute(run: Run, right: Claimed): Promise<Outcome> {
    const { task, call, ground } = run;
    const { compute, plan } = task;
    try {
      this.#note('computed');
      const made = await withinTime(compute, plan.lockFor, call);
      run.made = true;
      const encoded = made === undefined ? undefined : this.#codec.encode(made);
      // What its own reader would refuse is not stored.
      if (encoded) await task.read(encoded, true);
      const isMiss = made === null && task.limitsMisses;
      if (right) {
        if (encoded && ground && (plan.misses || !isMiss)) {
          await this.#store(run, right, { encoded, ground, plan, isMiss });
        } else await this.#release(run, right);
      }
      return { encoded, from: 'misses' };
    } catch (error) {
      if (right) await this.#release(run, right);
      throw error;
    }
  }

  async #store(run: Run, right: Right, putting: Putting): Promise<void> {
    const { task, guard } = run;
    let isPlaced = false;
    try {
      await this.#items.writing(task.key, () =>
        this.#items.put(putting, (item, life) => {
          isPlaced = true;
          return guard.store(right, item, life);
        }),
      );
    } catch (error) {
      this.#note('errors', error);
      // Whoever comes next need not wait for what is surely not stored.
      if (!isPlaced || isRefusal(error)) await this.#release(run, right);
    }
  }

  #release({ guard }: Run, right: Right): Promise<void> {
    return this.#unlessAway(guard.release(right));
  }
}

/** The value of an outcome, for one of those who wait for it. */
async function read(task: Task, { encoded, from }: Outcome): Promise<Served> {
  return { value: encoded && (await task.read(encoded, true)), from };
}

/** Whether a value was stored with all tags that its reader knows of: otherwise an invalidation could have passed it by. */
export function hasTags(stored: Footing, tags: readonly string[]): boolean {
  return tags.every((tag) => stored.tags.some(([name]) => name === tag));
}
