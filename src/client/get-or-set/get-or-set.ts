import { monotonicNow } from '../../clock.ts';
import { checkFunction } from '../../errors.ts';
import { keyId } from '../../protocol/keyed.ts';
import type { WireKey } from '../../protocol/request.ts';
import { untilAborted } from '../aborts.ts';
import { makeCall } from '../commands/call.ts';
import { checkCommandOptions } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { Key } from '../keys.ts';
import type { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import { type ComputeContext, withinTime } from './computation.ts';
import { Copies, storedOf } from './copies.ts';
import { Flights } from './flights.ts';
import { Guard, type Right, type Sight } from './guard.ts';
import { checkMisses, isRefusal, logFailure, type ToStore, toStored } from './outcome.ts';
import { type GetOrSetOptions, type Plan, patienceOf, pauseAfter, toPlan } from './plan.ts';

/** Makes the value of a key. `signal` is aborted when it has taken too long. */
export type Compute<TValue> = (context: ComputeContext) => TValue | Promise<TValue>;

/** A lookup or computation that callers wait for. */
interface Flight {
  readonly call: OpenCall;
  readonly guard: Guard;
  /** `null` or `undefined` where that was computed and is not kept. */
  readonly value: Promise<Copies | null | undefined>;
  /** How many still wait. */
  callers: number;
}

/** What one call is about. */
interface Task {
  readonly id: string;
  readonly compute: Compute<unknown>;
  readonly plan: Plan;
}

/** One computation at a time for a key: in the process by sharing a promise, between processes through the server. */
export class GetOrSet {
  readonly #engine: Engine;
  readonly #flights: Flights<Flight>;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#flights = new Flights(engine);
  }

  call(key: Key, compute: Compute<unknown>, options: GetOrSetOptions): Promise<unknown> {
    return makeCall(this.#engine, 'getOrSet', key, (trace) => this.#run(key, compute, options, trace));
  }

  async #run(
    key: Key,
    compute: Compute<unknown>,
    options: GetOrSetOptions,
    trace: CommandTrace | undefined,
  ): Promise<unknown> {
    const engine = this.#engine;
    checkFunction('compute', compute);
    checkCommandOptions(options, engine.log);
    const plan = toPlan(options, engine);
    checkMisses(plan, engine);
    const signal = options.signal ?? undefined;
    const wire = engine.toWire(key);
    const known = engine.untilKnown(signal);
    // Without a list of servers the caller computes, as with servers that can't be reached.
    if (known !== undefined) await known.catch(() => signal?.throwIfAborted());
    const id = keyId(wire);
    const flight = this.#flights.open(id) ?? this.#start(wire, { id, compute, plan });
    flight.callers++;
    const { guard, value } = flight;
    try {
      const copies = await untilAborted(value, signal);
      flight.callers--;
      return copies ? copies.take(flight.callers === 0) : copies;
    } finally {
      guard.note(trace);
    }
  }

  #start(key: WireKey, task: Task): Flight {
    const { calls } = this.#engine;
    const call = calls.open();
    const guard = new Guard(this.#engine, key, task.plan, call);
    const value = calls.follow(call, this.#find(guard, task, call));
    const flight = { call, guard, value, callers: 0 };
    this.#flights.start(task.id, key, flight, value);
    return flight;
  }

  /** Looks until there is a value, or the right to make it. */
  async #find(guard: Guard, task: Task, call: OpenCall): Promise<Copies | null | undefined> {
    const patience = monotonicNow() + patienceOf(task.plan);
    for (let looks = 0; ; looks++) {
      let sight = await this.#ask(() => guard.look(), call);
      if (sight && isMissing(sight)) {
        const claimed = await this.#ask(() => guard.claim(), call);
        if (claimed?.right) return this.#compute(guard, claimed.right, task, call);
        sight = claimed?.sight;
      }
      // Without the server the caller computes, as without a cache.
      if (!sight) return this.#compute(guard, undefined, task, call);
      if (sight.seen.item) return this.#serve(guard, sight, task, call);
      if (monotonicNow() > patience) return this.#compute(guard, guard.takeOver(sight), task, call);
      await call.pause(pauseAfter(looks));
    }
  }

  /** A server that can't be asked is no reason to fail. */
  async #ask<T>(question: () => Promise<T>, call: OpenCall): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      call.check();
      logFailure(this.#engine, 'read', error);
      return undefined;
    }
  }

  #serve(guard: Guard, sight: Sight, task: Task, call: OpenCall): Copies | Promise<Copies | null | undefined> {
    let copies: Copies;
    try {
      copies = new Copies(this.#engine, sight.seen.item as NonNullable<Sight['seen']['item']>);
    } catch (error) {
      // What the serializer can't read is no reason to fail either.
      logFailure(this.#engine, 'read', error);
      return this.#compute(guard, undefined, task, call);
    }
    guard.hit = true;
    if (guard.isOld(sight, copies)) this.#refresh(guard, task);
    return copies;
  }

  /** Computes the value again in the background, while the old one is served, where no other process does. */
  #refresh(guard: Guard, task: Task): void {
    this.#flights.refresh(
      task.id,
      async (call) => {
        const right = await guard.lock();
        if (right) await this.#compute(guard, right, task, call);
      },
      (error) => logFailure(this.#engine, 'computed again', error),
    );
  }

  /** Without a right, nothing is stored. */
  async #compute(
    guard: Guard,
    right: Right | undefined,
    { compute, plan }: Task,
    call: OpenCall,
  ): Promise<Copies | null | undefined> {
    const engine = this.#engine;
    try {
      const made = await withinTime(compute, plan.lockFor, call);
      const stored = await toStored(engine, made, plan);
      if (!stored) {
        await this.#release(guard, right);
        return made as null | undefined;
      }
      // What the others will read, so that a miss gives the same as a hit.
      const copies = new Copies(engine, storedOf(stored.item));
      if (right) await this.#store(guard, right, stored);
      return copies;
    } catch (error) {
      await this.#release(guard, right);
      throw error;
    }
  }

  async #store(guard: Guard, right: Right, stored: ToStore): Promise<void> {
    try {
      await guard.store(right, stored.item, stored.life);
    } catch (error) {
      logFailure(this.#engine, 'stored', error);
      if (isRefusal(error)) await this.#release(guard, right);
    }
  }

  async #release(guard: Guard, right: Right | undefined): Promise<void> {
    if (!right) return;
    try {
      await guard.release(right);
    } catch (error) {
      logFailure(this.#engine, 'released', error);
    }
  }
}

function isMissing({ seen }: Sight): boolean {
  return seen.item === undefined && !seen.stub;
}
