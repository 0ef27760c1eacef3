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
}

/** Told what the source says. */
export interface DiscoveryListener {
  /** The list, whether it has changed or not. */
  found(servers: readonly DiscoveredServer[]): void;
  /** Called once for a row of failures; `first` when there has been no list yet. */
  failed(error: Error): void;
}

/** The longest pause while there is no list at all, in seconds. */
const IMPATIENT = 1;

/** Asks a source again and again. It does not keep the process alive. */
export class Watcher {
  readonly #discovery: Discovery;
  readonly #listener: DiscoveryListener;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #failing = false;
  /** Whether the source has ever named servers. */
  #known = false;

  constructor(discovery: Discovery, listener: DiscoveryListener) {
    this.#discovery = discovery;
    this.#listener = listener;
  }

  /** Begins to ask, unless it does already. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#ask();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    try {
      const servers = await this.#discovery.discover();
      if (servers.length === 0) throw new Error('The source names no server');
      if (!this.#running) return;
      this.#known = true;
      this.#failing = false;
      this.#listener.found(servers);
    } catch (error) {
      if (!this.#running) return;
      if (!this.#failing || !this.#known) this.#listener.failed(error as Error);
      this.#failing = true;
    }
    const pause = this.#known ? this.#discovery.interval : Math.min(IMPATIENT, this.#discovery.interval);
    this.#timer = setTimeout(() => void this.#ask(), pause * 1000).unref();
  }
}
