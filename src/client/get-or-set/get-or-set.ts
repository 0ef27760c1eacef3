import { clearTimeout, monotonicNow, setTimeout } from '../../clock.ts';
import { LONGEST_TIMER } from '../../cluster/server.ts';
import { type ErrorCode, invalid, MemcacheError } from '../../errors.ts';
import type { WireKey } from '../../protocol/request.ts';
import { untilAborted } from '../aborts.ts';
import { makeCall } from '../commands/call.ts';
import { checkCommandOptions } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import { FIRST_UNIX_TIME, staleForAtMost, toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import type { OpenCall } from '../open-calls.ts';
import { isExpiration } from '../options.ts';
import type { CommandTrace } from '../telemetry.ts';
import { Copies, type StoredItem, toStored } from './copies.ts';
import { type Found, Guard, serverSeconds } from './guard.ts';

/** Options of `getOrSet`. All times are in seconds. */
export interface GetOrSetOptions {
  /** How long a value is fresh: 0 is for ever. @default the client's `expires` */
  expires?: number | undefined;
  /** How long after that it may still be served while one caller computes it again. @default 0 */
  staleFor?: number | undefined;
  /**
   * How long a computation may take: after it, the computation ends with `ERR_TIMEOUT` for those who wait for it, and
   * another process takes over. The server counts in whole seconds. @default 30
   */
  lockFor?: number | undefined;
  /** Ends this call's wait; the computation goes on for the others. */
  signal?: AbortSignal | undefined;
}

/** Makes the value of a key. `signal` is aborted when it has taken too long. */
export type Compute<TValue> = (context: { signal: AbortSignal }) => TValue | Promise<TValue>;

/** A compute with all defaults put in. */
interface Plan {
  expires: number;
  staleFor: number;
  lockFor: number;
}

const DEFAULT_LOCK = 30;

/** Pauses between two looks at a value that another process is making, in milliseconds. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 250;

/** How many times as long as a lock holds a caller waits for other processes before it computes for itself. */
const PATIENCE = 2;

/** Errors with which a server refuses a value, so that it is there to take the right to make it back. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['ERR_VALUE_TOO_LARGE', 'ERR_OUT_OF_MEMORY', 'ERR_SERVER']);

/** What a look at a server that can't be asked finds. */
const UNREACHABLE: Found = { item: undefined, won: false };

/** A lookup or computation that callers wait for. */
interface Flight {
  readonly call: OpenCall;
  readonly guard: Guard;
  /** `null` or `undefined` where that was computed. */
  readonly value: Promise<Copies | null | undefined>;
  /** How many still wait. */
  callers: number;
}

/** One computation at a time for a key: in the process by sharing a promise, between processes through the server. */
export class GetOrSet {
  readonly #engine: Engine;
  /** By key. */
  readonly #flights = new Map<string, Flight>();
  /** Computations in the background, while what is there is still served. */
  readonly #refreshes = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  call(key: Key, compute: Compute<unknown>, options: GetOrSetOptions): Promise<unknown> {
    const engine = this.#engine;
    return makeCall(engine, 'getOrSet', key, async (trace) => {
      // Without a list of servers the caller computes, as with servers that can't be reached.
      await engine.whenKnown(() => Promise.resolve(), options.signal).catch(() => {});
      return this.#run(key, compute, options, trace);
    });
  }

  async #run(
    key: Key,
    compute: Compute<unknown>,
    options: GetOrSetOptions,
    trace: CommandTrace | undefined,
  ): Promise<unknown> {
    if (typeof compute !== 'function') throw invalid('compute', 'a function', compute);
    checkCommandOptions(options, this.#engine.log);
    const plan = this.#plan(options);
    const signal = options.signal ?? undefined;
    const wire = this.#engine.toWire(key);
    // By its bytes: the same for a string and for its bytes, and never for two keys that differ.
    const id = Buffer.from(wire).toString('latin1');
    let flight = this.#flights.get(id);
    if (flight === undefined || flight.call.closed) flight = this.#start(id, wire, compute, plan);
    flight.callers++;
    const { guard, value } = flight;
    try {
      const copies = await (signal === undefined ? value : untilAborted(value, signal));
      flight.callers--;
      return copies ? copies.take(flight.callers === 0) : copies;
    } finally {
      guard.note(trace);
    }
  }

  #start(id: string, key: WireKey, compute: Compute<unknown>, plan: Plan): Flight {
    const { calls } = this.#engine;
    const call = calls.open();
    const guard = new Guard(this.#engine, key, plan, call);
    const value = calls.follow(call, this.#find(id, guard, compute, plan, call));
    const flight = { call, guard, value, callers: 0 };
    this.#flights.set(id, flight);
    // Before any of those who wait goes on, so that nobody joins later.
    const land = (): void => {
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    };
    value.then(land, land);
    return flight;
  }

  /** Looks until there is a value, or the right to make it. */
  async #find(
    id: string,
    guard: Guard,
    compute: Compute<unknown>,
    plan: Plan,
    call: OpenCall,
  ): Promise<Copies | null | undefined> {
    const patience = monotonicNow() + PATIENCE * serverSeconds(plan.lockFor) * 1000;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const found = await this.#look(guard, call);
      if (found.item !== undefined) {
        if (found.won) this.#refresh(id, guard, compute, plan);
        const copies = this.#copies(found.item);
        if (copies === undefined) return this.#compute(undefined, compute, plan, call);
        guard.hit = true;
        return copies;
      }
      if (found === UNREACHABLE) return this.#compute(undefined, compute, plan, call);
      if (found.won || monotonicNow() > patience) return this.#compute(guard, compute, plan, call);
      await call.pause(pause * (0.5 + Math.random() / 2));
    }
  }

  /** What the serializer can't read is no reason to fail either. */
  #copies(item: StoredItem): Copies | undefined {
    try {
      return new Copies(this.#engine, item);
    } catch (error) {
      this.#log('read', error);
      return undefined;
    }
  }

  /** A server that can't be asked is no reason to fail: the caller computes, as without a cache. */
  async #look(guard: Guard, call: OpenCall): Promise<Found> {
    try {
      return await guard.look();
    } catch (error) {
      call.check();
      this.#log('read', error);
      return UNREACHABLE;
    }
  }

  /** Computes the value again behind the back of those who are served the old one. */
  #refresh(id: string, guard: Guard, compute: Compute<unknown>, plan: Plan): void {
    if (this.#refreshes.has(id)) return;
    this.#refreshes.add(id);
    this.#engine.calls
      .begin((call) => this.#compute(guard, compute, plan, call))
      .catch((error) => this.#log('computed again', error))
      .finally(() => this.#refreshes.delete(id));
  }

  /** Without a guard, nothing is stored. */
  async #compute(
    guard: Guard | undefined,
    compute: Compute<unknown>,
    { lockFor }: Plan,
    call: OpenCall,
  ): Promise<Copies | null | undefined> {
    let made: unknown;
    let copies: Copies;
    try {
      made = await withinTime(compute, lockFor, call);
      if (made === null || made === undefined) {
        await this.#release(guard);
        return made;
      }
      // What the others will read, so that a miss gives the same as a hit. What the serializer can't write fails here.
      copies = new Copies(this.#engine, toStored(this.#engine, made));
    } catch (error) {
      await this.#release(guard);
      throw error;
    }
    try {
      await guard?.store(made);
    } catch (error) {
      this.#log('stored', error);
      if (error instanceof MemcacheError && REFUSALS.has(error.code)) await this.#release(guard);
    }
    return copies;
  }

  async #release(guard: Guard | undefined): Promise<void> {
    try {
      await guard?.release();
    } catch (error) {
      this.#log('released', error);
    }
  }

  #plan(options: GetOrSetOptions): Plan {
    const expires = options.expires ?? this.#engine.options.expires;
    const staleFor = options.staleFor ?? 0;
    const lockFor = options.lockFor ?? DEFAULT_LOCK;
    toExpiration(expires, this.#engine);
    if (!isExpiration(staleFor)) throw invalid('staleFor', 'an integer of seconds from 0 on', staleFor);
    if (!(typeof lockFor === 'number' && lockFor > 0 && lockFor < FIRST_UNIX_TIME)) {
      throw invalid('lockFor', 'a number of seconds above 0', lockFor);
    }
    return { expires, staleFor: staleForAtMost(expires, staleFor), lockFor };
  }

  #log(what: string, error: unknown): void {
    if (error instanceof MemcacheError && error.code === 'ERR_CLOSED') return;
    const [reason, server] =
      error instanceof MemcacheError ? [error.message, error.server] : ['the computation failed', undefined];
    this.#engine.log.failure(server ?? '', `memts: A value for getOrSet could not be ${what}: ${reason}`);
  }
}

/** Runs the computation, but waits no longer than the lock holds. */
async function withinTime(compute: Compute<unknown>, seconds: number, call: OpenCall): Promise<unknown> {
  call.check();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_, reject) => {
    const end = (error: MemcacheError): void => {
      controller.abort(error);
      reject(error);
    };
    call.onClosed = end;
    const message = `The computation for getOrSet took longer than ${seconds} s (lockFor)`;
    timer = setTimeout(() => end(new MemcacheError('ERR_TIMEOUT', message)), Math.min(seconds, LONGEST_TIMER) * 1000);
  });
  try {
    return await Promise.race([compute({ signal: controller.signal }), ended]);
  } finally {
    call.onClosed = () => {};
    clearTimeout(timer);
  }
}
