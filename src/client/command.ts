import { setImmediate } from '../clock.ts';
import { Command } from '../cluster/command.ts';
import type { Log } from '../cluster/log.ts';
import { serverName } from '../cluster/router.ts';
import { callerFrames, DEBUGGING, withFrames } from '../debug.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import { factsOf, type Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { WireKey } from '../protocol/request.ts';
import { STATUS_TEXTS, Status } from '../protocol/status.ts';
import type { Serializer } from '../serializers/serializer.ts';
import { type Abortable, awaitAbort, forgetAbort } from './aborts.ts';
import { type AnyCallback, inContext, invoke } from './callback.ts';
import { hintAtOptions } from './hints.ts';
import { kind, type ResolvedOptions, shown } from './options.ts';
import { isTraced } from './telemetry.ts';

/** What the commands need of their client. */
export interface CommandHost {
  readonly options: ResolvedOptions;
  readonly log: Log;
  // The caller's own types of values are checked where the commands are called, not on their way.
  readonly serializer: Serializer<unknown, unknown>;
}

/** Options that every command takes. */
export interface CommandOptions {
  /** Bounds one attempt once there is a connection, in seconds. @default the server's `timeout` */
  timeout?: number | undefined;
  /** Ends the command: it rejects with the signal's reason. Whether the server carries it out is not known then. */
  signal?: AbortSignal | undefined;
}

/** In place of options that were left out. */
export const NO_OPTIONS: Readonly<Record<string, undefined>> = Object.freeze({});

const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  [Status.TooLarge]: 'ERR_VALUE_TOO_LARGE',
  [Status.NonNumeric]: 'ERR_NOT_NUMERIC',
  [Status.OutOfMemory]: 'ERR_OUT_OF_MEMORY',
  [Status.AuthError]: 'ERR_AUTH',
  [Status.InvalidKey]: 'ERR_INVALID_KEY',
  [Status.FlushOff]: 'ERR_UNSUPPORTED',
};

type Resolve = (value: unknown) => void;
type Reject = (error: unknown) => void;

/** What the executor below was handed last: one function for all promises, instead of a closure for each. */
let handedResolve: Resolve;
let handedReject: Reject;
function handOver(resolve: Resolve, reject: Reject): void {
  handedResolve = resolve;
  handedReject = reject;
}

/** A command and who waits for it, with a promise or a callback. */
export abstract class ClientCommand extends Command implements Abortable {
  declare protected readonly client: CommandHost;
  declare protected callback: AnyCallback | undefined;
  declare protected resolve: Resolve | undefined;
  declare private rejectPromise: Reject | undefined;
  declare private signal: AbortSignal | undefined;
  /** The stack of the call, with `NODE_DEBUG=memts`. */
  declare private frames: string | undefined;

  constructor(op: Op, key: WireKey, client: CommandHost) {
    super(op, key);
    this.router = undefined;
    this.server = undefined;
    this.attempts = 0;
    this.client = client;
    this.callback = undefined;
    this.resolve = undefined;
    this.rejectPromise = undefined;
  }

  /** The command's name in error texts. */
  get label(): string {
    return factsOf(this.op).label;
  }

  /** Says who waits: the callback, or whoever gets the promise that is returned. */
  expect(callback: AnyCallback | undefined): Promise<unknown> | undefined {
    if (DEBUGGING) this.frames = callerFrames();
    if (callback !== undefined) {
      // A trace has the context of the call itself, with what its listeners have put into it.
      this.callback = isTraced() ? callback : inContext(callback);
      return undefined;
    }
    const promise = new Promise(handOver);
    this.resolve = handedResolve;
    this.rejectPromise = handedReject;
    return promise;
  }

  /** Takes over the options that every command has; throws `ERR_INVALID_ARGUMENT`. */
  configure(options: CommandOptions): void {
    if (options === NO_OPTIONS) return;
    checkOptionsObject(options, this.client.log);
    const { timeout, signal } = options;
    if (timeout !== undefined && timeout !== null) {
      checkTimeout(timeout);
      this.timeout = timeout * 1000;
    }
    if (signal !== undefined && signal !== null) this.listen(signal);
  }

  /** Puts `finish` between the outcome and who waits for it: `deliver` hands it over. */
  intercept(finish: (failed: boolean, error: unknown, deliver: () => void) => void): void {
    const { callback, resolve, rejectPromise } = this;
    if (callback !== undefined) {
      this.callback = (error, ...results) =>
        finish(error !== null && error !== undefined, error, () => callback(error, ...results));
    }
    if (resolve !== undefined) this.resolve = (value) => finish(false, undefined, () => resolve(value));
    if (rejectPromise !== undefined) {
      this.rejectPromise = (error) => finish(true, error, () => rejectPromise(error));
    }
  }

  override reject(error: unknown): void {
    if (this.signal !== undefined) this.unlisten();
    const told = this.frames === undefined ? error : withFrames(error, this.frames);
    if (this.callback !== undefined) invoke(this.callback, told, null, null);
    else this.rejectPromise?.(told);
  }

  override refuse(error: unknown): void {
    this.unlisten();
    // As with a server that is gone, who tries again at once must not keep the process from everything else.
    setImmediate(() => this.reject(error));
  }

  aborted(reason: unknown): void {
    this.holder?.drop(this);
    this.reject(reason);
  }

  /** Before the response is handed over. */
  protected unlisten(): void {
    if (this.signal === undefined) return;
    forgetAbort(this.signal, this);
    this.signal = undefined;
  }

  protected get listening(): boolean {
    return this.signal !== undefined;
  }

  /** Sends a read again that the server, or one behind a proxy, could not answer just now, while it has attempts left. */
  protected sentAgain({ status }: Pick<Reply, 'status'>): boolean {
    return isPassing(status) && this.router?.retry(this) === true;
  }

  /** Ends the command with MemJS's words for what the server said. */
  protected rejectReply(reply: Reply): void {
    this.reject(this.replyError(reply));
  }

  /** Logs what the server said, in MemJS's words, and puts it into an error, with its own beside them. */
  protected replyError({ status, value }: Pick<Reply, 'status' | 'value'>): MemcacheError {
    const text = STATUS_TEXTS[status] ?? `Unknown status 0x${status.toString(16).padStart(4, '0')}`;
    const message = `${factsOf(this.op).speaker} ${this.label}: ${text}`;
    const server = this.server === undefined ? undefined : serverName(this.server);
    if (!this.unlogged) this.client.log.failure(server ?? '', message);
    return new MemcacheError(STATUS_CODES[status] ?? 'ERR_SERVER', message, { server, reply: wordsOf(value) });
  }

  /** An item with a CAS of 0 is one of a server that counts none. */
  protected casOff(): MemcacheError {
    const server = this.server === undefined ? undefined : serverName(this.server);
    const message = `memts ${this.label}: the server has CAS switched off (memcached -C)`;
    return new MemcacheError('ERR_UNSUPPORTED', message, { server });
  }

  private listen(signal: AbortSignal): void {
    checkSignal(signal);
    this.signal = signal;
    awaitAbort(signal, this);
  }
}

/** Whether an error is the server's, and may be over at the next attempt. */
export function isPassing(status: Status): boolean {
  return status === Status.InternalError || status === Status.Busy || status === Status.TemporaryFailure;
}

/** No response in words is longer; what a server adds is not kept. */
const LONGEST_REPLY = 8192;

function wordsOf(value: Buffer | null): string | undefined {
  return Buffer.isBuffer(value) && value.length > 0 ? value.toString('utf8', 0, LONGEST_REPLY) : undefined;
}

/** Checks the options that every command has, for what is made of several; throws an aborted signal's reason. */
export function checkCommandOptions(options: CommandOptions, log: Log): void {
  checkOptionsObject(options, log);
  const { timeout, signal } = options;
  if (timeout !== undefined && timeout !== null) checkTimeout(timeout);
  if (signal !== undefined && signal !== null) checkSignal(signal);
}

function checkOptionsObject(options: unknown, log: Log): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
  hintAtOptions(options, log);
}

function checkTimeout(timeout: unknown): void {
  if (typeof timeout === 'number' && timeout > 0 && timeout <= 2_147_483) return;
  throw invalid('timeout', 'a number of seconds above 0', timeout);
}

function checkSignal(signal: unknown): void {
  if (!(signal instanceof AbortSignal)) throw invalid('signal', 'an AbortSignal', signal);
  signal.throwIfAborted();
}

/** As with requests: what most commands never set. */
Object.assign(ClientCommand.prototype, { signal: undefined, frames: undefined });

/** An argument that can't be meant. What came is only shown where it is a number or the like. */
export function invalid(argument: string, expected: string, found: unknown): MemcacheError {
  return new MemcacheError(
    'ERR_INVALID_ARGUMENT',
    `Invalid ${argument}: expected ${expected}, but got ${shown(found)}`,
  );
}

/** The same for what may be data: it says the type alone. */
export function invalidType(argument: string, expected: string, found: unknown): MemcacheError {
  return new MemcacheError('ERR_INVALID_ARGUMENT', `Invalid ${argument}: expected ${expected}, but got ${kind(found)}`);
}
