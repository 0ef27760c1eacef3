import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../support/wait.ts';

/** Where the data of the app comes from: it counts who asks, and says which state of things is the present one. */
export class Origin implements AsyncDisposable {
  /** What it says, before the path. */
  state = 1;
  /** How long it takes, in milliseconds. */
  delay = 0;
  readonly #asked = new Map<string, number>();
  readonly #server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    this.#asked.set(path, this.asked(path) + 1);
    if (path === '/change') this.state++;
    const state = this.state;
    if (this.delay > 0) await sleep(this.delay);
    response.end(`state ${state} of ${path}`);
  });

  static async start(): Promise<Origin> {
    const origin = new Origin();
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often something was asked for: each time a page is rendered, or a function computes. */
  asked(path: string): number {
    return this.#asked.get(path) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
