import type { Backend } from '../../cluster/backend.ts';
import type { WritingCall } from '../../cluster/write-order.ts';
import { closedError, noServers } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import type { Key } from '../keys.ts';
import { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import type { BatchCommand, BatchSink } from './batch.ts';
import { Batches, type BatchesOwner, bySlot, copyValues, type Entry, wires } from './batches.ts';
import type { CommandOptions } from './command.ts';
import { everyFailed, withErrors } from './partial-results.ts';

/**
 * Results by key. `errors` holds what went wrong: for a server that failed under its `host:port`, for a key that can't
 * be sent or was refused under the key. Keys without a result and without an error of their own were misses, or belong
 * to a server that failed.
 */
export type MultiResult<TValue, TKey extends Key = string> = Map<TKey, TValue> & {
  readonly errors: Map<TKey | string, Error>;
};

const ignore = (): void => {};

/** Makes the batch of these entries, whose outcomes `sink` takes. */
export type MakeBatch = (entries: readonly Entry[], sink: BatchSink) => BatchCommand;

/**
 * A call for many keys: which batches it is made of, and what has come of them so far. It is made for ten keys as for
 * thousands, so it has no promise but the caller's own.
 */
export class MultiCall<TValue> extends OpenCall implements BatchesOwner {
  /** By key, as the caller has it; without a value until there is a result. */
  readonly #results = new Map<Key, TValue | undefined>();
  readonly #errors = new Map<Key, Error>();
  /** Whether any server answered. */
  #answered = false;
  /** How many keys the servers have answered for, and how many of these responses were errors. */
  #answers = 0;
  #refusals = 0;
  /** How many sockets of servers are being asked. */
  #open = 0;
  readonly #engine: Engine;
  readonly #trace: CommandTrace | undefined;
  readonly #make: MakeBatch;
  readonly #signal: AbortSignal | null | undefined;
  readonly #servers: Set<string> | undefined;
  /** Where it writes: its place among the writes, and what it has sent. */
  #place: WritingCall | undefined;
  readonly #batches: Set<BatchCommand> | undefined;
  #resolve: (results: MultiResult<TValue, Key>) => void = ignore;

  constructor(
    engine: Engine,
    trace: CommandTrace | undefined,
    { signal }: CommandOptions,
    reads: boolean,
    make: MakeBatch,
  ) {
    super(engine.calls);
    this.#engine = engine;
    this.#trace = trace;
    this.#make = make;
    this.#signal = signal;
    if (!reads) this.#batches = new Set();
    if (trace) this.#servers = new Set();
  }

  get #reads(): boolean {
    return this.#batches === undefined;
  }

  /** The keys as they go on the wire, each once; those that can't are errors of their own. */
  prepare(keys: Iterable<Key>, fill?: (entry: Entry) => void): Entry[] {
    const results = this.#results;
    for (const key of keys) results.set(key, undefined);
    const trace = this.#trace;
    if (trace) {
      trace.keyCount = results.size;
      if (this.#engine.options.traceKeys === true) trace.keys = [...results.keys()];
    }
    const entries: Entry[] = [];
    // What has each key once already needs no other look at them.
    for (const key of Array.isArray(keys) && keys.length === results.size ? keys : results.keys()) {
      try {
        const entry: Entry = { key, wire: this.#engine.toWire(key), store: undefined };
        fill?.(entry);
        entries.push(entry);
      } catch (error) {
        this.failed(key, error as Error);
      }
    }
    return entries;
  }

  /** Takes the error for a key. */
  failed(key: Key, error: Error): void {
    this.#errors.set(key, error);
  }

  /** Sends everything, once what is stored has been `made`; rejects only when nothing at all was answered. */
  run(entries: readonly Entry[], made?: Promise<unknown>): Promise<MultiResult<TValue, Key>> {
    const outcome = new Promise<MultiResult<TValue, Key>>((resolve, reject) => {
      // As they are: closures around them had calls keep each other alive until the whole heap is looked through.
      this.#resolve = resolve;
      this.reject = reject;
    });
    this.enter(outcome);
    if (made === undefined && this.#engine.ready) this.#begin(entries);
    else this.#beginLater(entries, made);
    return outcome;
  }

  #beginLater(entries: readonly Entry[], made: Promise<unknown> | undefined): void {
    let begun = false;
    const begin = async (): Promise<void> => {
      begun = true;
      this.#begin(made === undefined ? entries : entries.filter(({ key }) => !this.#errors.has(key)));
    };
    const { held } = this.#engine;
    const known = (): Promise<void> => this.#engine.whenKnown(begin, this.#signal);
    held.run(() => wires(entries), known, made).catch((error) => this.#fail(error));
    if (!begun) copyValues(entries);
  }

  #begin(entries: readonly Entry[]): void {
    if (!this.#reads) this.#place = this.#engine.router.order.callBegins();
    if (entries.length > 0) this.#route(entries);
    else this.#finish();
  }

  /** Keys by server and socket, each in batches of their own. */
  #route(entries: readonly Entry[]): void {
    // Until all have begun, since one may end at once.
    this.#open++;
    try {
      for (const [server, list] of this.#byServer(entries)) {
        this.#servers?.add(server.name);
        for (const part of bySlot(server, list)) {
          this.#open++;
          new Batches(server, part, this.#reads, this).start();
        }
      }
    } catch (error) {
      // The choice of the server may be the user's own function, and this whatever it throws.
      this.#fail(error as Error);
    }
    this.#partOver();
  }

  #byServer(entries: readonly Entry[]): Iterable<readonly [Backend, readonly Entry[]]> {
    const { fleet } = this.#engine;
    if (fleet.size === 1) {
      const server = fleet.backend((entries[0] as Entry).wire);
      if (server) return [[server, entries]];
    }
    const byServer = new Map<Backend, Entry[]>();
    // Often a run of keys has the same server.
    let last: Backend | undefined;
    let list: Entry[] = [];
    for (const entry of entries) {
      const server = fleet.backend(entry.wire);
      if (!server) {
        const error = noServers();
        this.#errors.set(entry.key, error);
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
    return byServer;
  }

  send(batches: Batches, entries: readonly Entry[]): void {
    if (this.closed) {
      batches.ended(entries, closedError());
      return;
    }
    const batch = this.#make(entries, {
      // The command made for these entries says what its outcomes are.
      done: (index, outcome) => this.#results.set((entries[index] as Entry).key, outcome as TValue),
      failed: (index, error) => {
        this.#refusals++;
        this.failed((entries[index] as Entry).key, error as Error);
      },
    });
    this.#notifyWritten(entries);
    this.#batches?.add(batch);
    const ended = (error: Error | null): void => {
      if (error === null) {
        this.#notifyWritten(entries);
        this.#answered = true;
        this.#answers += entries.length;
      }
      batches.ended(entries, error);
    };
    batch.submit(ended, this.#trace, batches.server);
  }

  over(batches: Batches): void {
    try {
      if (batches.failure) this.#failOver(batches.server, batches.unanswered, batches.failure);
    } catch (error) {
      // As where the keys were divided at first.
      this.#fail(error as Error);
    }
    this.#partOver();
  }

  /** With failover, the router has ejected the server by now, so its keys go to others. */
  #failOver(server: Backend, entries: readonly Entry[], failure: Error): void {
    const { fleet } = this.#engine;
    const isOvertaken = ({ wire }: Entry): boolean =>
      this.#place !== undefined &&
      this.#batches !== undefined &&
      this.#engine.router.order.isOvertaken(wire, this.#place, this.#batches);
    const stays = entries.filter((entry) => fleet.backend(entry.wire) === server || isOvertaken(entry));
    if (stays.length > 0) {
      this.#errors.set(server.name, failure);
      this.#missed(stays, failure);
    }
    const staying = new Set(stays);
    const moved = entries.filter((entry) => !staying.has(entry));
    const [first] = moved;
    if (!first) return;
    if (fleet.backend(first.wire) === undefined) {
      this.#errors.set(server.name, failure);
      this.#missed(moved, failure);
    } else {
      this.#route(moved);
    }
  }

  #partOver(): void {
    if (--this.#open === 0) this.#finish();
  }

  /** Tells the caller and the trace what has come of it. */
  #finish(): void {
    if (this.#place) this.#engine.router.order.callEnds(this.#place);
    const hits = withoutMisses(this.#results);
    if (this.#trace) this.#note(this.#trace, hits.size);
    const errors = this.#errors;
    if (this.#signal?.aborted) {
      this.#fail(this.#signal.reason);
    } else if (!this.#answered && errors.size > 0) {
      this.#fail(everyFailed(errors));
    } else {
      this.end();
      this.#resolve(withErrors(hits, errors) as MultiResult<TValue, Key>);
    }
  }

  #fail(error: Error): void {
    this.end();
    this.reject(error);
  }

  #note(trace: CommandTrace, hits: number): void {
    trace.failed = trace.keyCount - this.#answers + this.#refusals;
    const [server] = this.#servers ?? [];
    if (this.#servers?.size === 1) trace.server = server;
    if (trace.command !== 'getMulti') return;
    trace.hits = hits;
    trace.hit = hits === trace.keyCount;
  }

  /** Some of them may not have been sent at all, since batches before theirs failed. */
  #missed(entries: readonly Entry[], error: Error): void {
    if (!this.#reads) this.#engine.router.repairs?.notWritten(wires(entries), error);
  }

  #notifyWritten(entries: readonly Entry[]): void {
    const { watched } = this.#engine;
    if (!this.#reads && !watched.empty) for (const { wire } of entries) watched.written(wire);
  }
}

/** The results, without the keys that have none. */
function withoutMisses<TValue>(results: Map<Key, TValue | undefined>): Map<Key, TValue> {
  for (const result of results.values()) {
    if (result !== undefined) continue;
    const hits = new Map<Key, TValue>();
    for (const [key, value] of results) if (value !== undefined) hits.set(key, value);
    return hits;
  }
  return results as Map<Key, TValue>;
}
