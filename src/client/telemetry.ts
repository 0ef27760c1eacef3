import { AsyncResource } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import type { Backend } from '../cluster/backend.ts';
import type { Command } from '../cluster/command.ts';
import { factsOf, Op } from '../protocol/op.ts';
import type { Reply, WireValue } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { isStub } from './get-or-set/format.ts';
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
  /** Of `getMulti` and `getOrSetMulti`: how many keys were there. */
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
function newTrace(command: string, keyCount: number): CommandTrace {
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

/** Adds a value that was sent or received. */
function addBytes(trace: CommandTrace, value: WireValue): void {
  trace.bytes = (trace.bytes ?? 0) + Buffer.byteLength(value);
}

/** What a call has failed with. */
interface Failure {
  readonly error: unknown;
}

/** Held here: a channel that nobody holds may be forgotten, with its subscribers. */
export const channels = tracingChannel<unknown, CommandTrace>('memts:command');
const { start, end, asyncStart, asyncEnd, error: failure } = channels;

/** One call under way: what it tells the channel, and when. */
class Call {
  readonly trace: CommandTrace;
  /** Responses come on a socket's behalf; this leads back to where the call was made. */
  readonly #origin = new AsyncResource('MEMTS_COMMAND');
  #ended = false;

  constructor(trace: CommandTrace) {
    this.trace = trace;
  }

  /** The part of the call that is over when it returns. */
  begin<T>(fn: () => T): T {
    const { trace } = this;
    return start.runStores(trace, () => {
      try {
        return fn();
      } finally {
        end.publish(trace);
      }
    });
  }

  /** Tells how it ended, around `deliver`, which tells who waits for it. */
  finish(failed: Failure | undefined, deliver: () => void): void {
    if (this.#ended) {
      deliver();
      return;
    }
    this.#ended = true;
    const { trace } = this;
    this.#origin.runInAsyncScope(() => {
      if (failed !== undefined) {
        trace.error = failed.error;
        failure.publish(trace);
      }
      asyncStart.runStores(trace, () => {
        try {
          deliver();
        } finally {
          asyncEnd.publish(trace);
        }
      });
    });
  }
}

/** Follows one command for a trace: that of its own call, or that of the call that it is a part of. */
export class Watch {
  readonly #trace: CommandTrace;
  /** The command's own call; none where it is a part of one. */
  readonly #call: Call | undefined;
  readonly #command: Command;
  #attempts = 0;
  #server: Backend | undefined = undefined;
  /** The deadline of the last attempt that has ended: another one tells of an attempt under way. */
  #deadline = 0;

  constructor(command: Command, trace: CommandTrace, call: Call | undefined) {
    this.#command = command;
    this.#trace = trace;
    this.#call = call;
  }

  /** Around what prepares and sends the command. */
  begin(send: () => void): void {
    const { keys, stores } = this.#command;
    if (this.#call) {
      this.#call.begin(() => {
        send();
        this.#noteServer();
      });
      return;
    }
    for (const { value } of stores ?? []) addBytes(this.#trace, value);
    send();
    if (keys === undefined) this.#noteServer();
    if (this.#command.value !== undefined) addBytes(this.#trace, this.#command.value);
  }

  /** A response, or a part of one, has come. */
  answered(command: Command, reply: Reply): void {
    const { status, value, more } = reply;
    const trace = this.#trace;
    if (!more) this.#attemptOver(command);
    if (command.keys !== undefined) this.#noteAttempts();
    if (!factsOf(command.op).reads || (status !== Status.Ok && status !== Status.Miss)) return;
    if (command.keys === undefined) trace.hit = status === Status.Ok && !isStub(reply);
    if (status === Status.Ok && value !== null) addBytes(trace, value);
  }

  /** An attempt has failed. */
  failed(command: Command): void {
    this.#attemptOver(command);
    if (command.keys !== undefined) this.#noteAttempts();
  }

  /** The command has ended; `deliver` tells who waits for it. */
  finish(command: Command, failure: Failure | undefined, deliver: () => void): void {
    const trace = this.#trace;
    if (!this.#call) {
      deliver();
      return;
    }
    this.#noteServer();
    // One that was aborted or closed may have been under way.
    trace.attempts = command.deadline === this.#deadline ? this.#attempts : this.#attempts + 1;
    if (command.op !== Op.Raw && command.value !== undefined) addBytes(trace, command.value);
    this.#call.finish(failure, deliver);
  }

  #attemptOver(command: Command): void {
    this.#attempts++;
    this.#deadline = command.deadline;
  }

  /** Of a call with several batches, the attempts are those of the one that took most. */
  #noteAttempts(): void {
    this.#trace.attempts = Math.max(this.#trace.attempts ?? 0, this.#attempts);
  }

  /** As soon as it is known which server the command goes to, and whenever it is another one. */
  #noteServer(): void {
    const { server } = this.#command;
    if (!server || server === this.#server) return;
    this.#server = server;
    this.#trace.server = server.name;
  }
}

/** Follows a command that is a call of its own. */
export function watchCommand(command: Command, traceKeys: boolean | undefined): Watch {
  const trace = newTrace(factsOf(command.op).name, 1);
  if (traceKeys === true) trace.key = command.key;
  return new Watch(command, trace, new Call(trace));
}

/** Follows a command that is a part of a call. */
export function watchPart(command: Command, outer: CommandTrace): Watch {
  return new Watch(command, outer, undefined);
}

/** Traces a call that is made of several commands. `run` fills in what it knows. */
export function traceCall<T>(
  command: string,
  keys: unknown,
  traceKeys: boolean | undefined,
  run: (trace: CommandTrace) => Promise<T>,
): Promise<T> {
  const single = isKey(keys);
  const call = new Call(newTrace(command, single ? 1 : countOf(keys)));
  const { trace } = call;
  if (single && traceKeys === true) trace.key = keys;
  const outcome = call.begin(async () => run(trace));
  return new Promise((resolve, reject) => {
    outcome.then(
      (value) => call.finish(trace.error === undefined ? undefined : { error: trace.error }, () => resolve(value)),
      (error) => call.finish({ error }, () => reject(error)),
    );
  });
}

function isKey(keys: unknown): keys is Key {
  return typeof keys === 'string' || keys instanceof Uint8Array;
}

/** Without going through an iterable, which may be gone through only once. */
function countOf(keys: unknown): number {
  if (Array.isArray(keys)) return keys.length;
  return keys instanceof Set || keys instanceof Map ? keys.size : 0;
}
