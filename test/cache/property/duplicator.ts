import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import type { Random } from '../../support/random.ts';
import { sendOnce } from '../../support/repeater.ts';

/** In milliseconds. */
const LATEST = 400;
const PATIENCE = 450;

/** A TCP proxy in front of a server that sends some of what it passes on once more, later and by another connection. */
export class Duplicator {
  /** How many times it has. */
  duplicates = 0;
  readonly #proxy: TcpProxy;
  readonly #port: number;
  readonly #random: Random;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(proxy: TcpProxy, port: number, random: Random) {
    this.#proxy = proxy;
    this.#port = port;
    this.#random = random;
    proxy.onSent = (bytes) => {
      if (random.below(20) === 0) this.#later(bytes);
    };
  }

  static async start(port: number, random: Random): Promise<Duplicator> {
    return new Duplicator(await startProxy(port), port, random);
  }

  get address(): string {
    return this.#proxy.address;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#proxy.stop();
  }

  /** Cuts all connections. */
  cut(): void {
    this.#proxy.cut();
  }

  #later(bytes: Buffer): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.duplicates++;
      void sendOnce(this.#port, bytes, PATIENCE);
    }, this.#random.below(LATEST));
    this.#timers.add(timer);
  }
}
