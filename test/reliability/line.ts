import type { Socket } from 'node:net';
import { Pipe } from './pipe.ts';
import type { Conditions, Cut, End } from './trouble.ts';

/** One client's connection to a proxy, and the connection to the server that belongs to it. */
export class Line {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #toClient: Pipe;
  readonly #toServer: Pipe;
  #halfOpen = false;

  constructor(client: Socket, server: Socket, conditions: Conditions) {
    this.#client = client;
    this.#server = server;
    this.#toClient = new Pipe(server, client, conditions, 'toClient', (how) => this.end(how));
    this.#toServer = new Pipe(client, server, conditions, 'toServer', (how) => this.end(how));
    // The server's reset, or its refusal, is the client's reset.
    server.on('error', () => this.#halfOpen || this.end('reset'));
    client.on('close', () => {
      server.destroy();
      this.#stop();
    });
  }

  /** Whether the client is gone. After a reset that the system refuses Node.js emits no `close`. */
  get over(): boolean {
    return this.#client.destroyed;
  }

  /** How both sides are, for what should be gone. */
  get state(): string {
    const side = ({ readyState, readableEnded, writableFinished, destroyed }: Socket): string =>
      `${destroyed ? 'destroyed' : readyState}${readableEnded ? ', end read' : ''}${writableFinished ? ', end written' : ''}`;
    return `client ${side(this.#client)}; server ${side(this.#server)}${this.#halfOpen ? '; half open' : ''}`;
  }

  troubleChanged(): void {
    this.#toClient.pump();
    this.#toServer.pump();
  }

  cutLater(cut: Cut): void {
    const pipe = cut.direction === 'toClient' ? this.#toClient : this.#toServer;
    pipe.cutAfter(cut.after, cut.how);
  }

  end(how: End): void {
    if (how === 'reset') this.#client.resetAndDestroy();
    else if (how === 'close') this.#client.destroy();
    else if (how === 'fin') this.#client.end();
    this.#halfOpen = how === 'halfOpen' || how === 'fin';
    if (this.#halfOpen) {
      // What the client still says goes nowhere.
      this.#toServer.swallow();
      if (how === 'fin') this.#client.once('end', () => this.#client.destroy());
    }
    this.#server.destroy();
    if (!this.#halfOpen) this.#stop();
  }

  /** A line that is only half there is found out, as by the reset that a host sends which knows nothing of it. */
  calm(): void {
    for (const pipe of [this.#toClient, this.#toServer]) {
      pipe.forgetCut();
      pipe.hurry();
    }
    if (this.#halfOpen) this.#client.resetAndDestroy();
  }

  #stop(): void {
    this.#toClient.stop();
    this.#toServer.stop();
  }
}
