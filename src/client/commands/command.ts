import { isSpan, SPAN, setImmediate } from '../../clock.ts';
import type { Backend } from '../../cluster/backend.ts';
import { Command } from '../../cluster/command.ts';
import type { Log } from '../../cluster/log.ts';
import { callerFrames, DEBUGGING, withFrames } from '../../debug.ts';
import { checkOptionsObject, type ErrorCode, invalid, MemcacheError } from '../../errors.ts';
import { isWrite } from '../../protocol/keyed.ts';
import { factsOf, type Op } from '../../protocol/op.ts';
import type { Holder, Reply, Unanswered, WireKey } from '../../protocol/request.ts';
import { STATUS_TEXTS, Status } from '../../protocol/status.ts';
import { type Abortable, awaitAbort, forgetAbort } from '../aborts.ts';
import type { Engine } from '../engine.ts';
import { hintAtOptions } from '../hints.ts';
import type { CommandTrace } from '../telemetry.ts';
import { channels, type Watch, watchCommand, watchPart } from '../telemetry.ts';
import { type AnyCallback, inContext, invoke } from './callback.ts';

/** Options that every command takes. */
export interface CommandOptions {
  /** Bounds one attempt once there is a connection, in seconds. @default the server's `timeout` */
  timeout?: number | undefined;
  /** Ends the command: it rejects with the signal's reason. Whether the server carries it out is not known then. */
  signal?: AbortSignal | undefined;
}

/** In place of options that were left out. */
export const NO_OPTIONS: CommandOptions = Object.freeze({});

/** What `answer` gives when there is no result yet. */
export const PENDING = Symbol('pending');

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

const { start, end, asyncStart, asyncEnd, error: failure } = channels;

/** Whether anybody listens to commands; all that a command does for telemetry when nobody does. */
export function isTraced(): boolean {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    failure.hasSubscribers
  );
}

/**
 * A command on its way, and who waits for it. Each family says in `prepare` what it makes of its arguments, and in
 * `answer` what it makes of a reply; the way between is the same for all: `submit`, `prepare`, the router, a server,
 * `settle`, `answer`.
 */
export abstract class ClientCommand<TOptions extends CommandOptions = CommandOptions>
  extends Command
  implements Abortable
{
  declare protected readonly engine: Engine;
  declare protected readonly options: TOptions;
  declare private callback: AnyCallback | undefined;
  declare private resolve: Resolve | undefined;
  declare private rejectPromise: Reject | undefined;
  declare private signal: AbortSignal | undefined;
  /** Who follows the command, where somebody listens. */
  declare private watch: Watch | undefined;
  /** The stack of the call, with `NODE_DEBUG=memts`. */
  declare private frames: string | undefined;

  /** `key` is as the caller has it, and of a command that goes to one server as it goes on the wire. */
  constructor(op: Op, key: WireKey, options: TOptions, engine: Engine) {
    super(op, key);
    this.server = undefined;
    this.attempts = 0;
    this.engine = engine;
    this.options = options;
    this.callback = undefined;
    this.resolve = undefined;
    this.rejectPromise = undefined;
  }

  /** The command's name in error texts. */
  get label(): string {
    return factsOf(this.op).label;
  }

  /**
   * Sends the command, and calls `callback` or returns the promise that it settles. With `outer` it is a part of that
   * call. With `server` it goes there and nowhere else.
   */
  submit(callback?: AnyCallback, outer?: CommandTrace, server?: Backend): Promise<unknown> | undefined {
    let promise: Promise<unknown> | undefined;
    if (callback === undefined) {
      promise = new Promise(handOver);
      this.resolve = handedResolve;
      this.rejectPromise = handedReject;
    } else {
      // A trace has the context of the call itself, with what its listeners have put into it; a part of a call needs none.
      this.callback = server !== undefined || isTraced() ? callback : inContext(callback);
    }
    if (DEBUGGING) this.frames = callerFrames();
    if (outer !== undefined) this.watch = watchPart(this, outer);
    else if (server === undefined && isTraced()) this.watch = watchCommand(this, this.engine.options.traceKeys);
    if (this.watch === undefined) this.begin(server);
    else this.beginWatched(this.watch, server);
    return promise;
  }

  /** Apart, as is all with a closure: a function that makes none has nothing to keep its variables in. */
  private beginWatched(watch: Watch, server: Backend | undefined): void {
    watch.begin(() => this.begin(server));
  }

  /** Prepares the command and sends it; what can't be sent is refused. */
  protected begin(server: Backend | undefined): void {
    try {
      const { engine, options } = this;
      if (server === undefined) this.key = engine.toWire(this.key);
      if (server === undefined && !engine.watched.empty) this.notifyWritten();
      if (options !== NO_OPTIONS) this.configure(options);
      this.prepare(engine);
      if (server === undefined) engine.send(this);
      else engine.sendTo(server, this);
    } catch (error) {
      this.value = undefined;
      this.refuse(error);
    }
  }

  /** Makes of the arguments what is sent; throws for invalid ones. */
  protected abstract prepare(engine: Engine): void;

  /** The result, or `PENDING` when it is still to come; throws the error that the command ends with. */
  protected abstract answer(reply: Reply): unknown;

  /** Hands a result to a callback. */
  protected call(callback: AnyCallback, result: unknown): void {
    invoke(callback, null, result);
  }

  override settle(reply: Reply): void {
    if (this.watch !== undefined) this.watch.answered(this, reply);
    const { signal } = this;
    let result: unknown;
    try {
      result = this.answer(reply);
    } catch (error) {
      // What has been aborted from inside a serializer has ended.
      if (this.signal === signal) this.reject(error);
      return;
    }
    if (result === PENDING || this.signal !== signal) return;
    if (!this.pinned && !this.engine.watched.empty) this.notifyWritten();
    if (signal !== undefined) this.unlisten();
    if (this.watch !== undefined) this.deliverWatched(this.watch, result);
    else if (this.callback === undefined) this.resolve?.(result);
    else this.call(this.callback, result);
  }

  override fail(error: MemcacheError, written: boolean, answering?: boolean): void {
    if (this.watch !== undefined) this.watch.failed(this);
    this.engine.router.failed(this, error, written, answering);
  }

  override leave(on: Holder): Unanswered | undefined {
    return this.engine.router.repairs?.leave(this, on);
  }

  override leftBehind(): void {
    if (isWrite(this)) this.engine.router.order.add(this);
  }

  override reject(error: unknown): void {
    if (this.signal !== undefined) this.unlisten();
    const shown = this.frames === undefined ? error : withFrames(error, this.frames);
    if (this.watch !== undefined) this.watch.finish(this, { error: shown }, () => this.deliverError(shown));
    else this.deliverError(shown);
  }

  override refuse(error: unknown): void {
    if (this.signal !== undefined) this.unlisten();
    // As with a server that is gone, who tries again at once must not keep the process from everything else.
    setImmediate(() => this.reject(error));
  }

  aborted(reason: unknown): void {
    this.holder?.drop(this);
    this.reject(reason);
  }

  private deliverWatched(watch: Watch, result: unknown): void {
    watch.finish(this, undefined, () => this.deliver(result));
  }

  private deliver(result: unknown): void {
    if (this.callback === undefined) this.resolve?.(result);
    else this.call(this.callback, result);
  }

  private deliverError(error: unknown): void {
    if (this.callback === undefined) this.rejectPromise?.(error);
    else invoke(this.callback, error || withoutReason(error), null, null);
  }

  /** Takes over the options that every command has; throws `ERR_INVALID_ARGUMENT`, or an aborted signal's reason. */
  private configure(options: CommandOptions): void {
    checkCommandOptions(options, this.engine.log);
    const { timeout, signal } = options;
    if (timeout !== undefined && timeout !== null) this.timeout = timeout * 1000;
    if (signal === undefined || signal === null) return;
    this.signal = signal;
    awaitAbort(signal, this);
  }

  /** It counts when it is sent and again when it was answered, since it may have been sent twice. */
  private notifyWritten(): void {
    if (!factsOf(this.op).reads) this.engine.watched.written(this.key);
  }

  private unlisten(): void {
    forgetAbort(this.signal as AbortSignal, this);
    this.signal = undefined;
  }

  /** Sends a read again that the server, or one behind a proxy, could not answer just now, while it has attempts left. */
  protected sentAgain(status: Status): boolean {
    return isPassing(status) && this.engine.router.retry(this);
  }

  /** Logs what the server said, in MemJS's words, and puts it into an error, with its own beside them. */
  protected replyError({ status, value }: Pick<Reply, 'status' | 'value'>): MemcacheError {
    const text = STATUS_TEXTS[status] ?? `Unknown status 0x${status.toString(16).padStart(4, '0')}`;
    const message = `${factsOf(this.op).speaker} ${this.label}: ${text}`;
    const server = this.server?.name;
    if (!this.unlogged) this.engine.log.failure(server ?? '', message);
    return new MemcacheError(STATUS_CODES[status] ?? 'ERR_SERVER', message, { server, reply: wordsOf(value) });
  }

  /** An item with a CAS of 0 is one of a server that counts none. */
  protected casOff(): MemcacheError {
    const message = `memts ${this.label}: the server has CAS switched off (memcached -C)`;
    return new MemcacheError('ERR_UNSUPPORTED', message, { server: this.server?.name });
  }
}

/** What a callback gets where a signal was aborted with nothing, or a serializer has thrown that: it would look like a miss. */
function withoutReason(cause: unknown): Error {
  return new Error('The command ended without a reason', { cause });
}

/** Whether an error is the server's, and may be over at the next attempt. */
export function isPassing(status: Status): boolean {
  return status === Status.InternalError || status === Status.Busy || status === Status.TemporaryFailure;
}

/** No response in words is longer; what a server adds is not kept. */
const MAX_REPLY = 8192;

function wordsOf(value: Buffer | null): string | undefined {
  return Buffer.isBuffer(value) && value.length > 0 ? value.toString('utf8', 0, MAX_REPLY) : undefined;
}

/** Checks the options that every command has; throws an aborted signal's reason. */
export function checkCommandOptions(options: CommandOptions, log: Log): void {
  checkOptionsObject(options);
  hintAtOptions(options, log);
  const { timeout, signal } = options;
  if (timeout !== undefined && timeout !== null) checkTimeout(timeout);
  if (signal !== undefined && signal !== null) checkSignal(signal);
}

function checkTimeout(timeout: unknown): void {
  if (!isSpan(timeout)) throw invalid('timeout', SPAN, timeout);
}

function checkSignal(signal: unknown): void {
  if (!(signal instanceof AbortSignal)) throw invalid('signal', 'an AbortSignal', signal);
  signal.throwIfAborted();
}

/** As with requests: what most commands never set. */
Object.assign(ClientCommand.prototype, { signal: undefined, watch: undefined, frames: undefined });
