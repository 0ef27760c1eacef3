import type { ServerLike } from '../cluster/command.ts';
import { serverName } from '../cluster/router.ts';
import { factsOf } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { WireValue } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import type { Outcome } from './admin.ts';
import type { ClientCommand } from './command.ts';
import type { Key } from './keys.ts';

/**
 * One call of a command, as the tracing channel `memts:command` tells of it: the same object in all its events, filled
 * in as things become known. Whatever does not apply, or is not known yet, is `undefined`.
 */
export interface CommandTrace {
  /** The method that was called: `get`, `set`, `getMulti` and so on. */
  readonly command: string;
  /** How many distinct keys it is about; of an iterable that is no array, Set or Map not before the end. */
  keyCount: number;
  /** The server that it was sent to last, as `host:port` or the path of a unix socket; none where there are several. */
  server: string | undefined;
  /** How often it was sent; where it is made of several requests, the one that was sent most; of `update`, the rounds. */
  attempts: number | undefined;
  /** Of a read: whether the key was there; of many keys, whether all were. */
  hit: boolean | undefined;
  /** Of `getMulti`: how many keys were there. */
  hits: number | undefined;
  /** Of many keys: how many failed, so that it is not known whether they were there. */
  failed: number | undefined;
  /** The size of the values that were sent or received, as they are on the wire. */
  bytes: number | undefined;
  /** What it ended with. */
  error: unknown;
  /** The key, and the keys of a command for many. Only with the client's option `traceKeys`. */
  key: Key | undefined;
  keys: readonly Key[] | undefined;
}

/** A trace of which nothing more is known. */
export function newTrace(command: string, keyCount: number): CommandTrace {
  return {
    command,
    keyCount,
    server: undefined,
    attempts: undefined,
    hit: undefined,
    hits: undefined,
    failed: undefined,
    bytes: undefined,
    error: undefined,
    key: undefined,
    keys: undefined,
  };
}

/** Notes in a trace what servers said that were all asked the same. */
export function noteOutcomes<T extends Outcome<unknown>[]>(outcomes: T, trace: CommandTrace): T {
  const [first] = outcomes;
  if (outcomes.length === 1) trace.server = first?.server;
  if (outcomes.every(({ error }) => error !== null)) trace.error = first?.error ?? undefined;
  return outcomes;
}

/** Notes in a trace of many keys for how many there was a response, how many of these were errors, and who was asked. */
export function noteMany(
  trace: CommandTrace,
  { answers, refusals, servers, hits }: { answers: number; refusals: number; servers: Set<string>; hits?: number },
): void {
  trace.failed = trace.keyCount - answers + refusals;
  const [server] = servers;
  if (servers.size === 1) trace.server = server;
  if (hits === undefined) return;
  trace.hits = hits;
  trace.hit = hits === trace.keyCount;
}

/** Notes in a trace what a batch, or one of the commands that stand in for it, sends and receives. */
export function watchBatch(command: ClientCommand, trace: CommandTrace): void {
  const watch = new Watch(command, trace);
  const tell = (): void => {
    trace.attempts = Math.max(trace.attempts ?? 0, watch.attempts);
  };
  watch.listen((reply) => {
    tell();
    noteValue(command, reply, trace);
  }, tell);
  const { stores, value } = command;
  for (const store of stores ?? []) addBytes(trace, store.value);
  if (value !== undefined) addBytes(trace, value);
}

/** Notes in a trace what the command of a call finds. */
export function watchCommand(command: ClientCommand, trace: CommandTrace): Watch {
  const watch = new Watch(command, trace);
  const reads = factsOf(command.op).reads;
  watch.listen(
    (reply) => {
      if (!reads || (reply.status !== Status.Ok && reply.status !== Status.Miss)) return;
      trace.hit = reply.status === Status.Ok;
      noteValue(command, reply, trace);
    },
    () => {},
  );
  return watch;
}

/**
 * Counts the attempts at a command. Answers come by its `settle` and failures by its `fail`: both are replaced on the
 * one command that is traced, so that no other has to look whether it is.
 */
class Watch {
  attempts = 0;
  readonly #command: ClientCommand;
  readonly #trace: CommandTrace;
  #server: ServerLike | undefined = undefined;
  /** The deadline of the last attempt that has ended: another one tells of an attempt under way. */
  #deadline = 0;

  constructor(command: ClientCommand, trace: CommandTrace) {
    this.#command = command;
    this.#trace = trace;
  }

  listen(answered: (reply: Reply) => void, failed: () => void): void {
    const command = this.#command;
    const { settle, fail } = command;
    command.settle = (reply) => {
      if (!reply.more) this.#over();
      answered(reply);
      settle.call(command, reply);
    };
    command.fail = (error, written) => {
      this.#over();
      failed();
      fail.call(command, error, written);
    };
  }

  /** Tells which server the command was sent to, as soon as that is known and whenever it is another one. */
  noteServer(): void {
    const { server } = this.#command;
    if (server === undefined || server === this.#server) return;
    this.#server = server;
    this.#trace.server = serverName(server);
  }

  /** The attempts in all, when the command has ended: one that was aborted or closed may have been under way. */
  total(): number {
    return this.#command.deadline === this.#deadline ? this.attempts : this.attempts + 1;
  }

  #over(): void {
    this.attempts++;
    this.#deadline = this.#command.deadline;
  }
}

function noteValue({ op }: ClientCommand, { status, value }: Reply, trace: CommandTrace): void {
  if (value !== null && status === Status.Ok && factsOf(op).reads) addBytes(trace, value);
}

/** Adds a value that was sent or received. */
export function addBytes(trace: CommandTrace, value: WireValue): void {
  trace.bytes = (trace.bytes ?? 0) + Buffer.byteLength(value);
}
