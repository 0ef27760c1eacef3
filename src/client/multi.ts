import type { ServerLike } from '../cluster/command.ts';
import { isOurs, type Router, serverName } from '../cluster/router.ts';
import { originalOf } from '../debug.ts';
import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { StoreItem, WireKey } from '../protocol/request.ts';
import { type BatchCommand, type BatchSink, ChangeBatch, GetBatch } from './batch.ts';
import {
  type ClientCommand,
  type CommandHost,
  type CommandOptions,
  checkCommandOptions,
  invalid,
  invalidType,
} from './command.ts';
import { toExpiration } from './expiration.ts';
import type { Key, KeyMaker } from './keys.ts';
import type { OpenCall } from './open-calls.ts';
import { type GetWithCasResult, RetrievalCommand } from './retrieval.ts';
import { ChangeCommand, checkFlags, fillInsert, type InsertOptions } from './storage.ts';
import { type CommandTrace, noteMany, watchBatch } from './trace.ts';

/** Keys in one batch: enough to fill a write, few enough that their responses fit the buffers on the way. */
const BATCH_KEYS = 256;

/** What one batch stores ends with the value that passes this size. */
const BATCH_BYTES = 256 * 1024;

/** Batches to one server that are under way at a time: one is answered while the next is sent. */
const BATCHES_AHEAD = 2;

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

/** What the commands for many keys need of their client. */
export interface MultiHost extends CommandHost {
  readonly router: Router;
  readonly keyMaker: KeyMaker;
  server(key: WireKey): ServerLike | null | undefined;
  incrSeq(): void;
}

/** One key on its way. */
interface Entry {
  key: Key;
  wire: WireKey;
  store?: StoreItem;
}

/** What is done with the keys: many at a time, or one where it has to be. */
interface Kind {
  batch(entries: readonly Entry[], sink: BatchSink): BatchCommand;
  single(entry: Entry): ClientCommand;
  isMiss(outcome: unknown): boolean;
  /** Whether the results are what was found. */
  reads: boolean;
}

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
  readonly #host: MultiHost;
  readonly #call: OpenCall;
  readonly #options: CommandOptions;
  readonly #kind: Kind;
  readonly #trace: CommandTrace | undefined;

  constructor(host: MultiHost, call: OpenCall, options: CommandOptions, trace: CommandTrace | undefined, kind: Kind) {
    this.#host = host;
    this.#call = call;
    this.#options = options;
    this.#trace = trace;
    this.#kind = kind;
  }

  /** Sends everything; throws only when nothing at all was answered. */
  async run(entries: readonly Entry[]): Promise<MultiResult<TValue, Key>> {
    await this.#route(entries);
    this.#note();
    this.#options.signal?.throwIfAborted();
    if (!this.#answered && this.errors.size > 0) {
      const [first] = this.errors.values();
      throw this.errors.size === 1 ? first : new AggregateError(this.errors.values(), 'Every server failed');
    }
    return Object.defineProperty(this.results, 'errors', { value: this.errors }) as MultiResult<TValue, Key>;
  }

  /** Tells the trace what has come of it. */
  #note(): void {
    const trace = this.#trace;
    const answers = this.#answers;
    const refusals = this.#refusals;
    const servers = this.#servers;
    if (trace === undefined) return;
    const hits = this.#kind.reads ? { hits: this.results.size } : {};
    noteMany(trace, { answers, refusals, servers, ...hits });
  }

  /** Keys by server, each server's in batches of their own. */
  async #route(entries: readonly Entry[]): Promise<void> {
    const byServer = new Map<ServerLike, Entry[]>();
    for (const entry of entries) {
      const server = this.#host.server(entry.wire);
      if (!server) this.errors.set(entry.key, new MemcacheError('ERR_NO_SERVERS', 'No servers available'));
      else if (!byServer.get(server)?.push(entry)) byServer.set(server, [entry]);
    }
    if (this.#trace !== undefined) for (const server of byServer.keys()) this.#servers.add(serverName(server));
    await Promise.all([...byServer].map(([server, list]) => this.#sendAll(server, list)));
  }

  async #sendAll(server: ServerLike, entries: readonly Entry[]): Promise<void> {
    let next = 0;
    let failed: Entry[] = [];
    let failure: Error | undefined;
    const work = async (): Promise<void> => {
      while (next < entries.length && failure === undefined) {
        const batch = entries.slice(next, batchEnd(entries, next));
        next += batch.length;
        try {
          await this.#send(server, batch);
          this.#answered = true;
          this.#answers += batch.length;
        } catch (error) {
          failure ??= error as Error;
          failed = failed.concat(batch);
        }
      }
    };
    await Promise.all(Array.from({ length: BATCHES_AHEAD }, work));
    if (failure !== undefined) await this.#failOver(server, failed.concat(entries.slice(next)), failure);
  }

  /** With failover, the router has left the server alone by now, so its keys go to others. */
  async #failOver(server: ServerLike, entries: readonly Entry[], failure: Error): Promise<void> {
    const stays = entries.filter(({ wire }) => this.#host.server(wire) === server);
    if (stays.length > 0) this.errors.set(serverName(server), failure);
    const moved = entries.filter(({ wire }) => this.#host.server(wire) !== server);
    if (moved.length === 0) return;
    if (!this.#host.server((moved[0] as Entry).wire)) this.errors.set(serverName(server), failure);
    else await this.#route(moved);
  }

  async #send(server: ServerLike, entries: readonly Entry[]): Promise<void> {
    const sink: BatchSink = {
      // The command made for these entries says what its outcomes are.
      done: (index, outcome) => this.results.set((entries[index] as Entry).key, outcome as TValue),
      failed: (index, error) => {
        this.#refusals++;
        this.errors.set((entries[index] as Entry).key, error as Error);
      },
    };
    if (isOurs(server)) {
      await this.#dispatch(server, this.#kind.batch(entries, sink));
      return;
    }
    // A custom transport takes frames with one answer each.
    const single = async (entry: Entry, index: number): Promise<void> => {
      const command = this.#kind.single(entry);
      try {
        const outcome = await this.#dispatch(server, command);
        if (!this.#kind.isMiss(outcome)) sink.done(index, outcome);
      } catch (error) {
        // What the router has noted, or made itself, is a failure of the transport; anything else is about this key.
        if (originalOf(error) === command.lastError || (error as MemcacheError)?.code === 'ERR_CLOSED') throw error;
        sink.failed(index, error);
      }
    };
    await Promise.all(entries.map(single));
  }

  #dispatch(server: ServerLike, command: ClientCommand): Promise<unknown> {
    this.#call.check();
    const answer = command.expect(undefined) as Promise<unknown>;
    command.configure(this.#options);
    command.pinned = true;
    command.server = server;
    if (this.#trace !== undefined) watchBatch(command, this.#trace);
    this.#host.incrSeq();
    this.#host.router.dispatch(command);
    return answer;
  }

  /** The keys as they go on the wire, each once; those that can't are errors of their own. */
  prepare(keys: Iterable<Key>, fill?: (entry: Entry) => void): Entry[] {
    const entries: Entry[] = [];
    const distinct = new Set(keys);
    const trace = this.#trace;
    if (trace !== undefined) {
      trace.keyCount = distinct.size;
      if (this.#host.options.traceKeys === true) trace.keys = [...distinct];
    }
    for (const key of distinct) {
      try {
        const entry: Entry = { key, wire: this.#host.keyMaker.toWire(key) };
        fill?.(entry);
        entries.push(entry);
      } catch (error) {
        this.errors.set(key, error as Error);
      }
    }
    if (entries.length === 0 && this.errors.size === 0) this.#answered = true;
    return entries;
  }
}

/** Reads many keys. */
export async function getMulti<TOut>(
  host: MultiHost,
  open: OpenCall,
  keys: Iterable<Key>,
  options: GetMultiOptions,
  trace?: CommandTrace,
): Promise<MultiResult<GetWithCasResult<TOut>, Key>> {
  checkIterable(keys);
  checkCommandOptions(options, host.log);
  const returnCas = options.cas === true;
  const call = new MultiCall<GetWithCasResult<TOut>>(host, open, options, trace, {
    batch: (entries, sink) => Object.assign(new GetBatch(wires(entries), host, sink), { returnCas }),
    single: ({ wire }) => Object.assign(new RetrievalCommand(Op.Get, wire, host), { returnCas }),
    isMiss: (outcome) => (outcome as GetWithCasResult<unknown>).flags === null,
    reads: true,
  });
  return call.run(call.prepare(keys));
}

/** Stores many values. */
export async function setMulti<TIn>(
  host: MultiHost,
  open: OpenCall,
  entries: Iterable<readonly [Key, TIn]>,
  options: SetMultiOptions,
  trace?: CommandTrace,
): Promise<MultiResult<boolean, Key>> {
  checkIterable(entries);
  checkCommandOptions(options, host.log);
  toExpiration(options.expires, host);
  if (options.flags !== undefined && options.flags !== null) checkFlags(options.flags);
  // Where a key stands twice, the last value counts, as with sets one after the other.
  const values = new Map<Key, TIn>();
  for (const entry of entries) {
    if (!Array.isArray(entry)) throw invalidType('entries', 'pairs of a key and a value', entry);
    values.set(entry[0], entry[1]);
  }
  const call = new MultiCall<boolean>(host, open, options, trace, {
    batch: (list, sink) => new ChangeBatch(wires(list), list.map(storeOf), host, sink),
    single: (entry) => Object.assign(new ChangeCommand(Op.Set, entry.wire, host), storeOf(entry)),
    isMiss: () => false,
    reads: false,
  });
  const prepared = call.prepare(values.keys(), (entry) => {
    const command = new ChangeCommand(Op.Set, entry.wire, host);
    fillInsert(command, values.get(entry.key), options, host);
    entry.store = { value: command.value as StoreItem['value'], flags: command.flags, expiration: command.expiration };
  });
  return call.run(prepared);
}

/** Deletes many keys. */
export async function deleteMulti(
  host: MultiHost,
  open: OpenCall,
  keys: Iterable<Key>,
  options: CommandOptions,
  trace?: CommandTrace,
): Promise<MultiResult<boolean, Key>> {
  checkIterable(keys);
  checkCommandOptions(options, host.log);
  const call = new MultiCall<boolean>(host, open, options, trace, {
    batch: (entries, sink) => new ChangeBatch(wires(entries), undefined, host, sink),
    single: ({ wire }) => new ChangeCommand(Op.Delete, wire, host),
    isMiss: () => false,
    reads: false,
  });
  return call.run(call.prepare(keys));
}

/** Where a batch that begins at `start` ends: by the number of its keys or the size of what it stores. */
function batchEnd(entries: readonly Entry[], start: number): number {
  let bytes = 0;
  let end = start;
  while (end < entries.length && end - start < BATCH_KEYS && bytes < BATCH_BYTES) {
    bytes += entries[end]?.store?.value.length ?? 0;
    end++;
  }
  return end;
}

function wires(entries: readonly Entry[]): WireKey[] {
  return entries.map(({ wire }) => wire);
}

/** What is stored for an entry of `setMulti`, which has been filled in before. */
function storeOf({ store }: Entry): StoreItem {
  return store as StoreItem;
}

function checkIterable(list: unknown): void {
  if (typeof list === 'object' && list !== null && Symbol.iterator in list) return;
  throw invalid('argument', 'an array or another iterable', list);
}
