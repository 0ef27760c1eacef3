import { clearTimeout, setTimeout } from '../../clock.ts';

/** When a server counts as failed and as dead. Times are in milliseconds. */
export interface IssueOptions {
  /** Failures until a server counts as dead. @default 5 */
  failures: number;
  /** After how long without a further failure they count from the start again. @default 300000 */
  failuresTimeout: number;
  /** How long a server is ejected after a failure. @default 30000 */
  retry: number;
  /** How often it is tried whether a dead server is back. @default 18000000 */
  reconnect: number;
  /** Whether a dead server is removed, instead of being tried again. @default false */
  remove: boolean;
}

/** What the events tell about a server. */
export interface FailureDetails {
  server: string;
  /** Port and host; of a unix socket its path. */
  tokens: [port: string, host: string];
  messages: string[];
  failures?: number;
  totalFailures?: number;
  totalReconnectsAttempted?: number;
  totalReconnectsSuccess?: number;
  totalReconnectsFailed?: number;
  totalDownTime?: number;
}

/** What is done about a server's failures. */
export interface IssueHandler {
  emit(event: 'issue' | 'failure' | 'reconnecting' | 'reconnect' | 'remove', details: FailureDetails): void;
  /** Opens a connection to the server; rejects where it can't be had. */
  reach(): Promise<void>;
  remove(details: FailureDetails): void;
}

type Timer = ReturnType<typeof setTimeout>;

/**
 * A server's failures, counted as `memcached` counts them: after each one the server is ejected for `retry`, and
 * after `failures` of them it is removed or tried every `reconnect`. Failures while it is ejected belong to the one
 * before them.
 */
export class Issues {
  readonly config: IssueOptions;
  readonly messages: string[] = [];
  /** Failures that are left until the server counts as dead. */
  failures: number;
  /** Whether commands fail at once. */
  failed = false;
  /** Whether the server is ejected after a failure. */
  locked = false;
  totalFailures = 0;
  totalReconnectsAttempted = 0;
  totalReconnectsSuccess = 0;
  isScheduledToReconnect = false;
  readonly #server: string;
  readonly #handler: IssueHandler;
  readonly #timers = new Set<Timer>();
  #reset: Timer | undefined;

  constructor(server: string, config: IssueOptions, handler: IssueHandler) {
    this.#server = server;
    this.config = config;
    this.failures = config.failures;
    this.#handler = handler;
  }

  get details(): FailureDetails {
    const details = { server: this.#server, tokens: tokensOf(this.#server), messages: this.messages };
    if (this.failures > 0) return { ...details, failures: this.failures, totalFailures: this.totalFailures };
    const failed = this.totalReconnectsAttempted - this.totalReconnectsSuccess;
    return {
      ...details,
      totalReconnectsAttempted: this.totalReconnectsAttempted,
      totalReconnectsSuccess: this.totalReconnectsSuccess,
      totalReconnectsFailed: failed,
      totalDownTime: failed * this.config.reconnect + this.totalFailures * this.config.retry,
    };
  }

  /** A command has failed by the server or its connection. */
  log(message: string): void {
    if (this.failed) return;
    this.failed = true;
    this.messages.push(message);
    if (this.failures > 0) this.#eject();
    else if (this.config.remove) this.#remove();
    else this.#tryLater();
  }

  /** Nothing is tried any more, and the server is what it was at first. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#reset = undefined;
    this.#forget();
  }

  #eject(): void {
    if (this.failures === this.config.failures) {
      this.#reset = this.#after(this.config.failuresTimeout, () => {
        this.failures = this.config.failures;
      });
    }
    this.locked = true;
    this.#after(this.config.retry, () => {
      this.totalFailures++;
      this.failures = Math.max(0, this.failures - 1);
      this.failed = false;
      this.locked = false;
    });
    this.#handler.emit('issue', this.details);
  }

  #remove(): void {
    this.#clearReset();
    this.#handler.emit('remove', this.details);
    this.#handler.remove(this.details);
  }

  #tryLater(): void {
    this.#clearReset();
    this.isScheduledToReconnect = true;
    this.#after(this.config.reconnect, () => {
      this.totalReconnectsAttempted++;
      this.#handler.emit('reconnecting', this.details);
      this.#handler.reach().then(
        () => this.#reached(),
        (error: Error) => {
          this.messages.push(error.message);
          this.#tryLater();
        },
      );
    });
  }

  #reached(): void {
    this.totalReconnectsSuccess++;
    this.#handler.emit('reconnect', this.details);
    this.#forget();
  }

  #forget(): void {
    this.messages.length = 0;
    this.failed = false;
    this.locked = false;
    this.isScheduledToReconnect = false;
    this.failures = this.config.failures;
  }

  #clearReset(): void {
    if (this.#reset === undefined) return;
    clearTimeout(this.#reset);
    this.#timers.delete(this.#reset);
    this.#reset = undefined;
  }

  /** The timers keep no process running. */
  #after(milliseconds: number, run: () => void): Timer {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }
}

function tokensOf(server: string): [string, string] {
  const [, host, port] = /^(.+):(\d+)$/.exec(server) ?? [];
  // Programs know of no more than host and port.
  return (host === undefined ? [server] : [port as string, host]) as [string, string];
}
