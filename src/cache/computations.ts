import type { Engine } from '../client/engine.ts';
import { withinTime } from '../client/get-or-set/computation.ts';
import { Guard, type Right, type Sight } from '../client/get-or-set/guard.ts';
import { isRefusal } from '../client/get-or-set/outcome.ts';
import { FIRST_PAUSE, nextPause, type Plan, patienceOf } from '../client/get-or-set/plan.ts';
import type { OpenCall } from '../client/open-calls.ts';
import { jittered, monotonicNow } from '../clock.ts';
import { keyId } from '../protocol/keyed.ts';
import type { Codec } from './codec.ts';
import type { Encoded, Footing } from './envelope.ts';
import { homeOf } from './home.ts';
import type { Found, Ground, Items } from './items.ts';

/** What one call of `getOrSet` is about. */
export interface Task {
  /** As it goes on the wire. */
  readonly key: string;
  readonly compute: (context: { signal: AbortSignal }) => unknown;
  readonly plan: Plan;
  /** Whether a computed `null` lives for `plan.misses`. */
  readonly limitsMisses: boolean;
  readonly tags: readonly string[];
  /** Whether what is found is to be kept in memory. */
  readonly admitted: boolean;
  /** The value for one caller; throws where it can't be read, or the caller's schema refuses it. */
  read(encoded: Encoded, shared: boolean): unknown;
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

/** Who hears of what happens. */
export interface Observer {
  failed(error: unknown): void;
  /** What is stored can't be read, or a schema refuses it. */
  unreadable(error: unknown): void;
  computed(): void;
}

/** In place of an outcome that was begun before something that its caller has to see. */
const OUTDATED = Symbol('outdated');

/** A computation that callers wait for. */
interface Running {
  readonly call: OpenCall;
  /** Whether what the outcome rests on has been asked for: who comes later may have to see a change since. */
  asked: boolean;
  /** Whether the value is made and about to be stored: who comes then has to see what others have stored since. */
  made: boolean;
  /** The versions that the value was made under; none where it was found, or where they could not be asked. */
  ground: Ground | undefined;
  readonly outcome: Promise<Outcome>;
  /** One more look at the versions, shared by all who came late. */
  recheck: Promise<boolean> | undefined;
}

/** One computation at a time for a key, in the process and between processes. */
export class Computations {
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #codec: Codec;
  readonly #observer: Observer;
  readonly #running = new Map<string, Running>();
  readonly #refreshes = new Set<string>();

  constructor(engine: Engine, items: Items, codec: Codec, observer: Observer) {
    this.#engine = engine;
    this.#items = items;
    this.#codec = codec;
    this.#observer = observer;
  }

  /** The value of a key. Throws what `compute` throws, and what can't be stored or read of what it made. */
  async run(task: Task): Promise<Served> {
    for (;;) {
      let running = this.#open(task.key);
      if (running === undefined) {
        const found = await this.#look(task);
        const served = await this.#serve(task, found);
        if (served !== undefined) return served;
        running = this.#open(task.key);
        if (running === undefined) return read(task, await this.#start(task, found).outcome);
      }
      const outcome = await this.#join(running, task);
      if (outcome !== OUTDATED) return read(task, outcome);
    }
  }

  /** The computation that may be joined. */
  #open(key: string): Running | undefined {
    const running = this.#running.get(key);
    return running?.call.closed === true ? undefined : running;
  }

  /** What was asked of a server; nothing where it can't be asked, which is no reason to fail. */
  async #unlessAway<T>(asked: Promise<T>, call?: OpenCall): Promise<T | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (call?.closed !== true) this.#observer.failed(error);
      return undefined;
    }
  }

  #look({ key, admitted }: Task, call?: OpenCall): Promise<Found | undefined> {
    return this.#unlessAway(this.#items.look(key, admitted), call);
  }

  /** What was found, where it may be given. */
  async #serve(task: Task, found: Found | undefined): Promise<Served | undefined> {
    if (found?.stored === undefined || found.worth === 'dead' || !hasTags(found.stored, task.tags)) return undefined;
    let value: unknown;
    try {
      value = await task.read(found.stored, found.shared);
    } catch (error) {
      this.#observer.unreadable(error);
      return undefined;
    }
    if (found.worth === 'fresh') return { value, from: 'hits' };
    this.#refresh(task);
    return { value, from: 'stale' };
  }

  async #join(running: Running, task: Task): Promise<Outcome | typeof OUTDATED> {
    const { asked: late, made } = running;
    task.onWait?.();
    const outcome = await running.outcome;
    if (made) return OUTDATED;
    if (!late) return outcome;
    running.recheck ??= this.#stands(running.ground);
    return (await running.recheck) ? outcome : OUTDATED;
  }

  async #stands(ground: Ground | undefined): Promise<boolean> {
    if (ground === undefined) return false;
    // Without tags nothing but the namespace can have been invalidated, and that counts as well.
    return this.#items.stands(ground).catch(() => false);
  }

  #start(task: Task, found: Found | undefined): Running {
    const { calls, watched } = this.#engine;
    const call = calls.open();
    const id = keyId(task.key);
    const running: Running = { call, asked: false, made: false, ground: undefined, recheck: undefined, outcome: OPEN };
    Object.assign(running, { outcome: calls.follow(call, this.#make(task, found, running)) });
    this.#running.set(task.key, running);
    // Nobody joins what was begun before a write of this client, or what is over.
    const land = (): void => {
      watched.unwatch(id, land);
      if (this.#running.get(task.key) === running) this.#running.delete(task.key);
    };
    watched.watch(id, land);
    running.outcome.then(land, land);
    return running;
  }

  /** Waits for the right to make the value, or for the value of another process. */
  async #make(task: Task, first: Found | undefined, running: Running): Promise<Outcome> {
    const { call } = running;
    const guard = this.#guard(task, call);
    const patience = monotonicNow() + patienceOf(task.plan);
    // Behind the first turn, so that all who call in it are in time.
    await Promise.resolve();
    let found = first;
    for (let pause = FIRST_PAUSE; ; pause = nextPause(pause)) {
      running.asked = true;
      const ground = this.#ground(task, call);
      const right = found && (await this.#claim(guard, task, found, monotonicNow() > patience, call));
      if (found === undefined || right === UNREACHABLE || right !== undefined || monotonicNow() > patience) {
        running.ground = await ground;
        const onMade = (): void => {
          running.made = true;
        };
        return this.#compute(guard, right === UNREACHABLE ? undefined : right, running.ground, task, call, onMade);
      }
      task.onWait?.();
      await call.pause(jittered(pause));
      found = await this.#look(task, call);
      if (found === undefined) call.check();
      const served = await this.#serve(task, found);
      if (served !== undefined) return { encoded: found?.stored, from: served.from };
    }
  }

  /** Where there is none, nothing is stored. */
  #ground({ tags }: Task, call: OpenCall): Promise<Ground | undefined> {
    return this.#unlessAway(this.#items.ground(tags), call);
  }

  /** The right to make a value: a stub where there is nothing, a lock where something worthless is in its place. */
  async #claim(
    guard: Guard,
    task: Task,
    found: Found,
    takesOver: boolean,
    call: OpenCall,
  ): Promise<Right | typeof UNREACHABLE | undefined> {
    try {
      if (found.occupied) return await guard.lock((sight) => this.#isOld(sight, task));
      const { right, sight } = await guard.claim();
      return right ?? (takesOver ? guard.takeOver(sight) : undefined);
    } catch (error) {
      call.check();
      this.#observer.failed(error);
      return UNREACHABLE;
    }
  }

  /** Whether what is there is still to be replaced; what can't be judged is left to others. */
  async #isOld({ seen }: Sight, task: Task): Promise<boolean> {
    if (seen.item === undefined) return false;
    try {
      const found = await this.#items.judge(seen);
      if (found.stored === undefined || found.worth !== 'fresh' || !hasTags(found.stored, task.tags)) return true;
      return await isUnreadable(task, found.stored);
    } catch {
      return false;
    }
  }

  /** Makes a new value behind the back of those who are served the old one, where no other process does. */
  #refresh(task: Task): void {
    const { key } = task;
    if (this.#refreshes.has(key)) return;
    this.#refreshes.add(key);
    this.#engine.calls
      .begin(async (call) => {
        const guard = this.#guard(task, call);
        const ground = await this.#ground(task, call);
        const right = ground && (await guard.lock((sight) => this.#isOld(sight, task)));
        if (right !== undefined) await this.#compute(guard, right, ground, task, call);
      })
      .catch((error) => this.#observer.failed(error))
      .finally(() => this.#refreshes.delete(key));
  }

  /** Without a right, or without what the value rests on, nothing is stored. */
  async #compute(
    guard: Guard,
    right: Right | undefined,
    ground: Ground | undefined,
    task: Task,
    call: OpenCall,
    onMade?: () => void,
  ): Promise<Outcome> {
    try {
      this.#observer.computed();
      const made = await withinTime(task.compute, task.plan.lockFor, call);
      onMade?.();
      const encoded = made === undefined ? undefined : this.#codec.encode(made);
      // What its own reader would refuse is not stored.
      if (encoded !== undefined) await task.read(encoded, true);
      if (right !== undefined) {
        const kept = encoded !== undefined && ground !== undefined && !(made === null && isDropped(task));
        if (kept) await this.#store(guard, right, ground, task, encoded, made === null);
        else await this.#release(guard, right);
      }
      return { encoded, from: 'misses' };
    } catch (error) {
      if (right !== undefined) await this.#release(guard, right);
      throw error;
    }
  }

  async #store(guard: Guard, right: Right, ground: Ground, task: Task, encoded: Encoded, isNull: boolean) {
    const { plan, limitsMisses } = task;
    const putting = { encoded, ground, plan, isMiss: isNull && limitsMisses };
    let isPlaced = false;
    try {
      await this.#items.writing(task.key, () =>
        this.#items.put(putting, (item, life) => {
          isPlaced = true;
          return guard.store(right, item, life);
        }),
      );
    } catch (error) {
      this.#observer.failed(error);
      // Whoever comes next need not wait for what is surely not stored.
      if (!isPlaced || isRefusal(error)) await this.#release(guard, right);
    }
  }

  #release(guard: Guard, right: Right): Promise<void> {
    return this.#unlessAway(guard.release(right));
  }

  /** How old a value is stands in its envelope, so that it takes no marker. */
  #guard({ key, plan }: Task, call: OpenCall): Guard {
    const engine = this.#engine;
    return new Guard(engine, key, { ...plan, staleFor: 0 }, call, (wire) => homeOf(engine, wire as string));
  }
}

/** The value of an outcome, for one of those who wait for it. */
async function read(task: Task, { encoded, from }: Outcome): Promise<Served> {
  return { value: encoded === undefined ? undefined : await task.read(encoded, true), from };
}

async function isUnreadable(task: Task, stored: Encoded): Promise<boolean> {
  try {
    await task.read(stored, true);
    return false;
  } catch {
    return true;
  }
}

/** Whether a computed `null` is not kept at all. */
function isDropped({ limitsMisses, plan }: Task): boolean {
  return limitsMisses && plan.misses === 0;
}

const UNREACHABLE = Symbol('unreachable');

const OPEN = new Promise<never>(() => {});

/** Whether a value was stored with all tags that its reader knows of: otherwise an invalidation could have passed it by. */
export function hasTags(stored: Footing, tags: readonly string[]): boolean {
  return tags.every((tag) => stored.tags.some(([name]) => name === tag));
}
