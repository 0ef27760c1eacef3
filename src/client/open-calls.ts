import { clearTimeout, setTimeout } from '../clock.ts';
import { closedError, type MemcacheError } from '../errors.ts';

/** How long calls wait for those that `close()` has ended, in milliseconds: their commands fail at once. */
const PATIENCE = 1000;

const ignore = (): void => {};

/** A call that is made of several commands, and what `quit()` and `close()` mean for it. */
export class OpenCall {
  readonly #calls: OpenCalls;
  readonly #closings: number;
  /** What ends its waits, when `quit()` waits for it or `close()` has ended it. */
  left: MemcacheError | undefined;
  /** Settled when its outcome is known. */
  outcome: Promise<unknown> | undefined;
  /** Where it stands among the calls under way. */
  #place = -1;
  /** Ends the pause under way. */
  #wake: (error: MemcacheError) => void = ignore;
  /** Ends the call for who waits for it. */
  reject: (error: Error) => void = ignore;
  /** Called when the client is closed. */
  onClosed: (error: MemcacheError) => void = ignore;

  constructor(calls: OpenCalls) {
    this.#calls = calls;
    this.#closings = calls.closings;
  }

  /** Whether the client has been closed since the call began: then nothing more of it is sent. */
  get closed(): boolean {
    return this.#closings !== this.#calls.closings;
  }

  /** Throws `ERR_CLOSED` where the client has been closed since the call began. */
  check(): void {
    if (this.closed) throw closedError();
  }

  /** Takes its place among the calls under way, until `end`. */
  enter(outcome: Promise<unknown>): void {
    this.outcome = outcome;
    this.#place = this.#calls.list.push(this) - 1;
  }

  /** It is over. */
  end(): void {
    const { list } = this.#calls;
    if (list[this.#place] !== this) return;
    const last = list.pop() as OpenCall;
    if (last === this) return;
    list[this.#place] = last;
    last.#place = this.#place;
  }

  /** Waits for what others do. Neither `quit()` nor `close()` lets it: it rejects with `ERR_CLOSED` then. */
  pause(milliseconds: number): Promise<void> {
    if (this.left !== undefined) return Promise.reject(this.left);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = (error) => {
        clearTimeout(timer);
        reject(error);
      };
    });
  }

  /** Waits for what the caller's function does: as long as it takes but, once `quit()` waits as well, for so long at most. */
  async wait<T>(work: T | PromiseLike<T>, milliseconds: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const limit = (error: MemcacheError): void => {
        if (this.closed) reject(error);
        else timer ??= setTimeout(() => reject(error), milliseconds);
      };
      if (this.left !== undefined) limit(this.left);
      this.#wake = limit;
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      this.#wake = ignore;
      clearTimeout(timer);
    }
  }

  leave(): void {
    this.left = closedError();
    this.#wake(this.left);
  }

  close(): void {
    const error = closedError();
    this.end();
    this.reject(error);
    this.leave();
    this.onClosed(error);
  }
}

/** The calls under way that are made of several commands: `quit()` waits for them, and `close()` ends them. */
export class OpenCalls {
  /**
   * In no order. Not a `Map`: one that many calls come to and leave again has a new table every few of them, and each table
   * that is left keeps the next one alive, with all that its calls hold, until the whole heap is looked through.
   */
  readonly list: OpenCall[] = [];
  /** Those of `hold` that `close()` has ended and that are not over: what is sent meanwhile is theirs, and later ones wait. */
  readonly ending = new Set<Promise<unknown>>();
  /** How often the client has been closed. */
  closings = 0;

  /** Begins a call, whose outcome is that of `run` or, after `close()`, `ERR_CLOSED` at once. */
  begin<T>(run: (call: OpenCall) => Promise<T>): Promise<T> {
    const call = this.open();
    return this.follow(call, run(call));
  }

  /** A call that is about to begin. */
  open(): OpenCall {
    return new OpenCall(this);
  }

  /** The outcome of a call that has begun, as `begin` has it. */
  follow<T>(call: OpenCall, running: Promise<T>): Promise<T> {
    const outcome = new Promise<T>((resolve, reject) => {
      call.reject = reject;
      running.then(resolve, reject);
    });
    enterUntil(call, outcome);
    return outcome;
  }

  /** Begins a call whose steps know nothing of it: `quit()` waits for it, and after `close()` nothing more of it is sent. */
  async hold<T>(run: (call: OpenCall) => Promise<T>): Promise<T> {
    const { ending } = this;
    while (ending.size) await Promise.race(ending);
    const call = this.open();
    const running = run(call);
    const isOver = enterUntil(call, running);
    call.onClosed = () => {
      const end: Promise<unknown> = new Promise((resolve) => {
        setTimeout(resolve, PATIENCE).unref();
        isOver.then(resolve);
      }).then(() => ending.delete(end));
      ending.add(end);
    };
    return running;
  }

  /** Ends the waits of all calls under way, and resolves when these calls are over. */
  async leave(): Promise<void> {
    for (const call of [...this.list]) call.leave();
    await Promise.allSettled(this.list.map(({ outcome }) => outcome));
  }

  /** Ends all calls under way. */
  close(): void {
    this.closings++;
    for (const call of [...this.list]) call.close();
  }
}

/** Has a call among those under way until that is settled. */
function enterUntil(call: OpenCall, running: Promise<unknown>): Promise<void> {
  const end = (): void => call.end();
  const isOver = running.then(end, end);
  call.enter(isOver);
  return isOver;
}
