import { clearTimeout, monotonicNow, setTimeout } from '../../clock.ts';
import type { ServerClient } from './query.ts';

/** A server's client, whose connections close when they have been idle. */
export class Backend {
  readonly client: ServerClient;
  readonly #idle: number;
  #running = 0;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `idle` in milliseconds; 0 is never. */
  constructor(client: ServerClient, idle: number) {
    this.client = client;
    this.#idle = idle;
  }

  async run<T>(send: (client: ServerClient) => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await send(this.client);
    } finally {
      this.#running--;
      this.#last = monotonicNow();
      if (this.#idle > 0) this.#timer ??= this.#closeAfter(this.#idle);
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.client.quit();
  }

  /** One timer for many commands, which begins again while they go on. */
  #closeAfter(milliseconds: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      const left = this.#running > 0 ? this.#idle : this.#last + this.#idle - monotonicNow();
      this.#timer = left > 0 ? this.#closeAfter(left) : undefined;
      if (left <= 0) this.client.close();
    }, milliseconds);
    timer.unref();
    return timer;
  }
}
