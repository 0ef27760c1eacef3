import type { Backend } from '../../cluster/backend.ts';
import type { WritingCall } from '../../cluster/write-order.ts';
import { invalid, invalidType, MemcacheError } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import type { StoreItem } from '../../protocol/request.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import type { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import { type BatchCommand, type BatchSink, ChangeBatch, GetBatch } from './batch.ts';
import { Batches, bySlot, copyValues, type Entry, wires } from './batches.ts';
import { makeOpenCall } from './call.ts';
import { type CommandOptions, checkCommandOptions } from './command.ts';
import { checkFlags, fillItem, type InsertOptions } from './store.ts';

/** Options of `getMulti`. */
export interface GetMultiOptions extends CommandOptions {
  /** Whether each hit has to tell its CAS. @default false */
  cas?: boolean | undefined;
}

/** Options of `setMulti`, for all entries alike. */
export type SetMultiOptions = Omit<InsertOptions, 'cas'>;

/**
 * Results by key. `errors` holds what went wrong: for a server that failed under its `host:port`, for a key that can't
 * be sent or was refused under the key. Keys without a result and without an error of their own were misses, or belong
 * to a server that failed.
 */
export type MultiResult<TValue, TKey extends Key = string> = Map<TKey, TValue> & {
  readonly errors: Map<TKey | string, Error>;
};

/** Makes the batch of these entries, whose outcomes `sink` takes. */
type MakeBatch = (entries: readonly Entry[], sink: BatchSink) => BatchCommand;

/** A command for many keys: which batches it is made of, and what has come of them so far. */
class MultiCall<TValue> {
  readonly results = new Map<Key, TValue>();
  readonly errors = new Map<Key, Error>();
  /** Whether any server answered. */
  #answered = false;
  /** How many keys the servers have answered for, and how many of these answers were errors. */
  #answers = 0;
  #refusals = 0;
  readonly #servers = new Set<string>();
  readonly #engine: Engine;
  readonly #call: OpenCall;
  readonly #trace: CommandTrace | undefined;
  readonly #reads: boolean;
  /** Its place among the writes, and what it has sent, where it writes. */
  #place: WritingCall | undefined;
  readonly #batches = new Set<BatchCommand>();

  constructor(engine: Engine, call: OpenCall, trace: CommandTrace | undefined, reads = false) {
    this.#reads = reads;
    this.#engine = engine;
    this.#call = call;
    this.#trace = trace;
  }

  /** The keys as they go on the wire, each once; those that can't are errors of their own. */
  prepare(keys: Iterable<Key>, fill?: (entry: Entry) => void): Entry[] {
    const entries: Entry[] = [];
    const distinct = new Set(keys);
    const trace = this.#trace;
    if (trace) {
      trace.keyCount = distinct.size;
      if (this.#engine.options.traceKeys === true) trace.keys = [...distinct];
    }
    for (const key of distinct) {
      try {
        const entry: Entry = { key, wire: this.#engine.toWire(key) };
        fill?.(entry);
        entries.push(entry);
      } catch (error) {
        this.errors.set(key, error as Error);
      }
    }
    if (entries.length === 0 && this.errors.size === 0) this.#answered = true;
    return entries;
  }

  /** Sends everything, once what is stored has been `made`; throws only when nothing at all was answered. */
  async run(
    entries: readonly Entry[],
    signal: AbortSignal | undefined,
    make: MakeBatch,
    made?: Promise<unknown>,
  ): Promise<MultiResult<TValue, Key>> {
    const { held } = this.#engine;
    let begun = false;
    const route = (): Promise<void> => {
      begun = true;
      if (!this.#reads) this.#place = this.#engine.router.order.callBegins();
      const whole = made === undefined ? entries : entries.filter(({ key }) => !this.errors.has(key));
      return this.#route(whole, make);
    };
    const sent = held.run(
      () => wires(entries),
      () => this.#engine.whenKnown(route, signal),
      made,
    );
    if (!begun) copyValues(entries);
    try {
      await sent;
    } finally {
      if (this.#place !== undefined) this.#engine.router.order.callEnds(this.#place);
    }
    this.#note();
    signal?.throwIfAborted();
    if (!this.#answered && this.errors.size > 0) {
      const [first] = this.errors.values();
      throw this.errors.size === 1 ? first : new AggregateError(this.errors.values(), 'Every server failed');
    }
    return Object.defineProperty(this.results, 'errors', { value: this.errors }) as MultiResult<TValue, Key>;
  }

  /** Tells the trace what has come of it. */
  #note(): void {
    const trace = this.#trace;
    if (!trace) return;
    trace.failed = trace.keyCount - this.#answers + this.#refusals;
    const [server] = this.#servers;
    if (this.#servers.size === 1) trace.server = server;
    if (trace.command !== 'getMulti') return;
    trace.hits = this.results.size;
    trace.hit = trace.hits === trace.keyCount;
  }

  /** Keys by server and socket, each in batches of their own. */
  async #route(entries: readonly Entry[], make: MakeBatch): Promise<void> {
    const byServer = new Map<Backend, Entry[]>();
    const { fleet } = this.#engine;
    // Often there is one server, or a run of keys has the same.
    let last: Backend | undefined;
    let list: Entry[] = [];
    for (const entry of entries) {
      const server = fleet.backend(entry.wire);
      if (!server) {
        const error = new MemcacheError('ERR_NO_SERVERS', 'No servers available');
        this.errors.set(entry.key, error);
        this.#missed([entry], error);
        continue;
      }
      if (server !== last) {
        last = server;
        list = byServer.get(server) ?? [];
        byServer.set(server, list);
      }
      list.push(entry);
    }
    if (this.#trace) for (const server of byServer.keys()) this.#servers.add(server.name);
    const sent = [...byServer].flatMap(([server, list]) =>
      bySlot(server, list).map((part) => this.#sendAll(server, part, make)),
    );
    await Promise.all(sent);
  }

  async #sendAll(server: Backend, entries: readonly Entry[], make: MakeBatch): Promise<void> {
    const batches = new Batches(server, entries, this.#reads, async (batch) => {
      await this.#send(server, batch, make);
      this.#answered = true;
      this.#answers += batch.length;
    });
    await batches.run();
    if (batches.failure !== undefined) await this.#failOver(server, batches.unanswered, batches.failure, make);
  }

  /** With failover, the router has ejected the server by now, so its keys go to others. */
  async #failOver(server: Backend, entries: readonly Entry[], failure: Error, make: MakeBatch): Promise<void> {
    const { fleet } = this.#engine;
    const isOvertaken = ({ wire }: Entry): boolean =>
      this.#place !== undefined && this.#engine.router.order.isOvertaken(wire, this.#place, this.#batches);
    const stays = entries.filter((entry) => fleet.backend(entry.wire) === server || isOvertaken(entry));
    if (stays.length > 0) {
      this.errors.set(server.name, failure);
      this.#missed(stays, failure);
    }
    const staying = new Set(stays);
    const moved = entries.filter((entry) => !staying.has(entry));
    const [first] = moved;
    if (first === undefined) return;
    if (fleet.backend(first.wire) === undefined) {
      this.errors.set(server.name, failure);
      this.#missed(moved, failure);
    } else {
      await this.#route(moved, make);
    }
  }

  /** Some of them may not have been sent at all, since batches before theirs failed. */
  #missed(entries: readonly Entry[], error: Error): void {
    if (!this.#reads) this.#engine.router.repairs?.notWritten(wires(entries), error);
  }

  async #send(server: Backend, entries: readonly Entry[], make: MakeBatch): Promise<void> {
    this.#call.check();
    const batch = make(entries, {
      // The command made for these entries says what its outcomes are.
      done: (index, outcome) => this.results.set((entries[index] as Entry).key, outcome as TValue),
      failed: (index, error) => {
        this.#refusals++;
        this.errors.set((entries[index] as Entry).key, error as Error);
      },
    });
    this.#notifyWritten(entries);
    if (!this.#reads) this.#batches.add(batch);
    await batch.submit(undefined, this.#trace, server);
    this.#notifyWritten(entries);
  }

  #notifyWritten(entries: readonly Entry[]): void {
    const { watched } = this.#engine;
    if (!this.#reads && !watched.empty) for (const { wire } of entries) watched.written(wire);
  }
}

/** Reads many keys. */
export function getMulti(
  engine: Engine,
  keys: Iterable<Key>,
  options: GetMultiOptions,
): Promise<MultiResult<unknown, Key>> {
  return callForMany(engine, 'getMulti', keys, options, async (open, trace) => {
    const call = new MultiCall<unknown>(engine, open, trace, true);
    const make: MakeBatch = (entries, sink) => new GetBatch(wires(entries), sink, options, engine);
    return call.run(call.prepare(keys), options.signal, make);
  });
}

/** Stores many values. */
export function setMulti(
  engine: Engine,
  entries: Iterable<readonly [Key, unknown]>,
  options: SetMultiOptions,
): Promise<MultiResult<boolean, Key>> {
  return callForMany(engine, 'setMulti', entries, options, async (open, trace) => {
    toExpiration(options.expires, engine);
    if (options.flags !== undefined && options.flags !== null) checkFlags(options.flags);
    // Where a key stands twice, the last value counts, as with sets one after the other.
    const values = new Map<Key, unknown>();
    for (const entry of entries) {
      if (!Array.isArray(entry)) throw invalidType('entries', 'pairs of a key and a value', entry);
      values.set(entry[0], entry[1]);
    }
    const call = new MultiCall<boolean>(engine, open, trace);
    const making: Promise<void>[] = [];
    const prepared = call.prepare(values.keys(), (entry) => {
      const item = { value: '', flags: 0, expiration: 0 };
      entry.store = item;
      const made = fillItem(item, Op.Set, values.get(entry.key), options, engine);
      if (made) making.push(made.catch((error) => void call.errors.set(entry.key, error)));
    });
    const make: MakeBatch = (list, sink) => {
      const stores = list.map(({ store }) => store as StoreItem);
      return new ChangeBatch(wires(list), stores, sink, options, engine);
    };
    return call.run(prepared, options.signal, make, making.length > 0 ? Promise.all(making) : undefined);
  });
}

/** Deletes many keys. */
export function deleteMulti(
  engine: Engine,
  keys: Iterable<Key>,
  options: CommandOptions,
): Promise<MultiResult<boolean, Key>> {
  return callForMany(engine, 'deleteMulti', keys, options, async (open, trace) => {
    const call = new MultiCall<boolean>(engine, open, trace);
    const make: MakeBatch = (entries, sink) => new ChangeBatch(wires(entries), undefined, sink, options, engine);
    return call.run(call.prepare(keys), options.signal, make);
  });
}

/** A call of several commands about what `list` holds. */
function callForMany<T>(
  engine: Engine,
  name: string,
  list: Iterable<unknown>,
  options: CommandOptions,
  run: (open: OpenCall, trace: CommandTrace | undefined) => Promise<T>,
): Promise<T> {
  return makeOpenCall(engine, name, list, async (open, trace) => {
    checkIterable(list);
    checkCommandOptions(options, engine.log);
    return run(open, trace);
  });
}

export function checkIterable<T extends Iterable<unknown>>(list: T): T {
  if (typeof list === 'object' && list !== null && Symbol.iterator in list) return list;
  throw invalid('argument', 'an array or another iterable', list);
}
