import { monotonicNow } from '../../../clock.ts';
import { checkFunction } from '../../../errors.ts';
import { keyId } from '../../../protocol/keyed.ts';
import { untilAborted } from '../../aborts.ts';
import { makeCall } from '../../commands/call.ts';
import { checkCommandOptions } from '../../commands/command.ts';
import { checkIterable } from '../../commands/multi.ts';
import type { MultiResult } from '../../commands/multi-call.ts';
import { withErrors } from '../../commands/partial-results.ts';
import type { Engine } from '../../engine.ts';
import type { Key } from '../../keys.ts';
import type { OpenCall } from '../../open-calls.ts';
import type { CommandTrace } from '../../telemetry.ts';
import { withinTime } from '../computation.ts';
import { Copies, storedOf } from '../copies.ts';
import type { Sight } from '../guard.ts';
import { checkMisses, logFailure, type ToStore, toStored } from '../outcome.ts';
import { type GetOrSetOptions, type Plan, patienceOf, pauseAfter, toPlan } from '../plan.ts';
import { type ComputeMany, readAnswers } from './answers.ts';
import type { Asked } from './key-batches.ts';
import { type Glance, ManyGuard, type Won } from './many-guard.ts';

type AnyCompute = ComputeMany<Key, unknown>;

/** A value that has been made, and how it is stored; nothing of a `null` that is not kept. */
interface Made {
  readonly copies: Copies | null | undefined;
  readonly stored: ToStore | undefined;
}

/** The values of many keys; those that are missing are made, each by one caller among all processes. */
export function getOrSetMulti(
  engine: Engine,
  keys: Iterable<Key>,
  compute: AnyCompute,
  options: GetOrSetOptions,
): Promise<MultiResult<unknown, Key>> {
  return makeCall(engine, 'getOrSetMulti', keys, async (trace) => {
    checkIterable(keys);
    checkFunction('compute', compute);
    checkCommandOptions(options, engine.log);
    const plan = toPlan(options, engine);
    checkMisses(plan, engine);
    const signal = options.signal ?? undefined;
    const many = new ManyCall(engine, compute, plan, trace);
    const asked = many.prepare(keys);
    // Without a list of servers the caller computes, as with servers that can't be reached.
    const known = engine.untilKnown(signal);
    if (known !== undefined) await known.catch(() => signal?.throwIfAborted());
    return untilAborted(
      engine.calls.begin((call) => many.run(asked, call)),
      signal,
    );
  });
}

class ManyCall {
  readonly #engine: Engine;
  readonly #compute: AnyCompute;
  readonly #plan: Plan;
  readonly #trace: CommandTrace | undefined;
  readonly #results = new Map<Key, unknown>();
  readonly #errors = new Map<Key, Error>();
  readonly #servers = new Set<string>();
  #hits = 0;

  constructor(engine: Engine, compute: AnyCompute, plan: Plan, trace: CommandTrace | undefined) {
    this.#engine = engine;
    this.#compute = compute;
    this.#plan = plan;
    this.#trace = trace;
  }

  /** The keys, each once; those that can't be sent are errors of their own. Throws where no other is left. */
  prepare(keys: Iterable<Key>): Asked[] {
    const byId = new Map<string, Asked>();
    for (const key of new Set(keys)) {
      try {
        const wire = this.#engine.toWire(key);
        // As compute will name it, without the prefix, and in full.
        const id = keyId(key);
        if (!byId.get(id)?.keys.push(key)) byId.set(id, { id, wire, keys: [key] });
      } catch (error) {
        this.#errors.set(key, error as Error);
      }
    }
    this.#noteKeys(byId);
    const [first] = this.#errors.values();
    if (byId.size === 0 && first !== undefined) throw first;
    return [...byId.values()];
  }

  async run(asked: readonly Asked[], call: OpenCall): Promise<MultiResult<unknown, Key>> {
    const guard = this.#guard(call);
    const patience = monotonicNow() + patienceOf(this.#plan);
    let looks = 0;
    for (let open = asked; open.length > 0; ) {
      const { won, waiting } = await this.#round(guard, open, monotonicNow() > patience);
      if (won.length > 0) {
        // Its own are stored before it waits for those of others.
        this.#take(await this.#make(guard, won, call));
        looks = 0;
      } else if (waiting.length > 0) {
        await call.pause(pauseAfter(looks++));
      }
      open = waiting;
    }
    this.#noteOutcome();
    return withErrors(this.#results, this.#errors) as MultiResult<unknown, Key>;
  }

  /** Looks at the keys once and serves what is there; the others are to be made by this call, or waited for. */
  async #round(
    guard: ManyGuard,
    open: readonly Asked[],
    isImpatient: boolean,
  ): Promise<{ won: Won[]; waiting: Asked[] }> {
    const looked = await guard.look(open);
    const { won, others } = await guard.claim(looked.filter(isMissing).map(({ asked }) => asked));
    const waiting: Asked[] = [];
    const old: Asked[] = [];
    for (const { server } of looked) if (server) this.#servers.add(server.name);
    for (const glance of [...looked.filter((one) => !isMissing(one)), ...others]) {
      const { asked, sight } = glance;
      const copies = this.#read(sight);
      if (copies) {
        this.#hits++;
        this.#give(asked, copies);
        if (guard.isOld(sight as Sight, copies)) old.push(asked);
      } else if (!sight || sight.seen.item) won.push({ asked, right: undefined });
      else if (isImpatient) won.push({ asked, right: guard.takeOver(glance) });
      else waiting.push(asked);
    }
    if (old.length > 0) this.#refresh(old);
    return { won, waiting };
  }

  /** The value of a sight; what the serializer can't read is no reason to fail. */
  #read(sight: Sight | undefined): Copies | undefined {
    const item = sight?.seen.item;
    if (!item) return undefined;
    try {
      return new Copies(this.#engine, item);
    } catch (error) {
      logFailure(this.#engine, 'read', error);
      return undefined;
    }
  }

  /** Computes values again in the background, while the old ones are served, where no other process does. */
  #refresh(old: readonly Asked[]): void {
    this.#engine.calls
      .begin(async (call) => {
        const guard = this.#guard(call);
        const won = await guard.lock(old);
        if (won.length > 0) await this.#make(guard, won, call);
      })
      .catch((error) => logFailure(this.#engine, 'computed again', error));
  }

  /** Makes values, stores them, and gives the rights to all others back. */
  async #make(guard: ManyGuard, won: readonly Won[], call: OpenCall): Promise<Map<Asked, Made | Error>> {
    let answers: Map<string, unknown>;
    try {
      const keys = won.map(({ asked }) => asked.keys[0] as Key);
      answers = readAnswers(await withinTime((context) => this.#compute(keys, context), this.#plan.lockFor, call));
    } catch (error) {
      await guard.release(won);
      throw error;
    }
    const made = new Map<Asked, Made | Error>();
    const making = won.map(async ({ asked }) => {
      if (!answers.has(asked.id)) return;
      const answer = answers.get(asked.id);
      answers.delete(asked.id);
      made.set(asked, await this.#toMade(answer));
    });
    await Promise.all(making);
    if (answers.size > 0) this.#logForeign(answers.size);
    const toStore = won.flatMap(({ asked, right }) => {
      const one = made.get(asked);
      return one === undefined || one instanceof Error || one.stored === undefined
        ? []
        : [{ asked, right, stored: one.stored }];
    });
    const storing = new Set(toStore.map(({ asked }) => asked));
    await Promise.all([guard.store(toStore), guard.release(won.filter(({ asked }) => !storing.has(asked)))]);
    return made;
  }

  async #toMade(value: unknown): Promise<Made | Error> {
    try {
      const stored = await toStored(this.#engine, value, this.#plan);
      if (!stored) return { copies: value as null | undefined, stored };
      // What the others will read, so that a miss gives the same as a hit.
      return { copies: new Copies(this.#engine, storedOf(stored.item)), stored };
    } catch (error) {
      return error as Error;
    }
  }

  #take(made: ReadonlyMap<Asked, Made | Error>): void {
    for (const [asked, one] of made) {
      if (one instanceof Error) for (const key of asked.keys) this.#errors.set(key, one);
      else this.#give(asked, one.copies);
    }
  }

  #give({ keys }: Asked, copies: Copies | null | undefined): void {
    const { length } = keys;
    for (const [index, key] of keys.entries()) {
      this.#results.set(key, copies ? copies.take(index === length - 1) : copies);
    }
  }

  #guard(call: OpenCall): ManyGuard {
    return new ManyGuard(this.#engine, this.#plan, call, (what, error) => {
      call.check();
      logFailure(this.#engine, what, error);
    });
  }

  #logForeign(count: number): void {
    const message = `memts: compute of getOrSetMulti has returned ${count} keys that it was not asked for; they are ignored`;
    this.#engine.log.failure('', message);
  }

  #noteKeys(asked: ReadonlyMap<string, Asked>): void {
    const trace = this.#trace;
    if (!trace) return;
    trace.keyCount = asked.size;
    if (this.#engine.options.traceKeys === true) trace.keys = [...asked.values()].map(({ keys }) => keys[0] as Key);
  }

  #noteOutcome(): void {
    const trace = this.#trace;
    if (!trace) return;
    trace.hits = this.#hits;
    trace.hit = this.#hits === trace.keyCount;
    const [server] = this.#servers;
    if (this.#servers.size === 1) trace.server = server;
  }
}

function isMissing({ sight }: Glance): boolean {
  return sight !== undefined && sight.seen.item === undefined && !sight.seen.stub;
}
