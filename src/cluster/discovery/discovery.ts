import { clearTimeout, MAX_TIMER, setTimeout } from '../../clock.ts';

/** A server that a source names. */
export interface DiscoveredServer {
  host: string;
  port: number;
  /** @default 1 */
  weight?: number | undefined;
}

/** Where a client's list of servers comes from. */
export interface Discovery {
  /** The servers at this moment. Rejects when that can't be found out: the client keeps the list it has then. */
  discover(): Promise<readonly DiscoveredServer[]>;
  /** The time between two questions, in seconds. */
  readonly interval: number;
  /**
   * How long a response may take, in seconds. After that the question counts as failed, and is asked again.
   * @default `interval`, but at least 10
   */
  readonly timeout?: number | undefined;
}

/** Gets what the source says. */
export interface DiscoveryListener {
  /** The list, whether it has changed or not. */
  found(servers: readonly DiscoveredServer[]): void;
  /** Called once for a row of failures; as long as there has been no list at all, for each. */
  failed(error: Error): void;
}

/** The longest pause while there is no list at all, in seconds. */
const IMPATIENT = 1;

/** A response may take so long at least, in seconds, unless the source says otherwise. */
const PATIENCE = 10;

/** Asks a source again and again. It does not keep the process alive. */
export class Watcher {
  readonly #discovery: Discovery;
  readonly #listener: DiscoveryListener;
  #timer: NodeJS.Timeout | undefined;
  /** What the present row of questions is called; a response to an earlier one, from before a stop, is not wanted. */
  #round: object | undefined;
  #failing = false;
  /** Whether the source has ever named servers. */
  #known = false;

  constructor(discovery: Discovery, listener: DiscoveryListener) {
    this.#discovery = discovery;
    this.#listener = listener;
  }

  /** Begins to ask, unless it does already. */
  start(): void {
    if (this.#round !== undefined) return;
    this.#round = {};
    void this.#ask(this.#round);
  }

  stop(): void {
    this.#round = undefined;
    clearTimeout(this.#timer);
  }

  async #ask(round: object): Promise<void> {
    try {
      const servers = await this.#answer();
      if (this.#round !== round) return;
      if (!Array.isArray(servers) || servers.length === 0) throw new Error('The source names no server');
      this.#listener.found(servers);
      this.#known = true;
      this.#failing = false;
    } catch (reason) {
      if (this.#round !== round) return;
      if (!this.#failing || !this.#known) this.#listener.failed(toError(reason));
      this.#failing = true;
    }
    const pause = this.#known ? this.#discovery.interval : Math.min(IMPATIENT, this.#discovery.interval);
    this.#timer = setTimeout(() => void this.#ask(round), pause * 1000).unref();
  }

  /** What the source answers; rejects when that takes too long. A later response to this question is not looked at. */
  async #answer(): Promise<readonly DiscoveredServer[]> {
    const { interval, timeout } = this.#discovery;
    const seconds = timeout ?? Math.max(interval, PATIENCE);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`The source did not answer within ${seconds} s`);
      timer = setTimeout(() => reject(error), Math.min(seconds, MAX_TIMER) * 1000).unref();
    });
    try {
      return await Promise.race([this.#discovery.discover(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a promise was rejected with, which may be anything, as an error; in jest Node.js's own are of another realm. */
function toError(reason: unknown): Error {
  try {
    const message: unknown = (reason as Partial<Error> | null | undefined)?.message ?? reason;
    if (typeof message === 'string' && message !== '') {
      return reason instanceof Error ? reason : new Error(message, { cause: reason });
    }
  } catch {
    // Even to read it may throw.
  }
  return new Error('The source failed, and does not say why', { cause: reason });
}
