import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../support/ports.ts';
import type { Random } from '../support/random.ts';
import { Line } from './line.ts';
import { type Cut, NO_TROUBLE, type Trouble } from './trouble.ts';

/** A TCP proxy in front of a real server that does to its connections what networks do. */
export class ChaosProxy {
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  trouble: Trouble = NO_TROUBLE;
  /** How many connections there have been. */
  connections = 0;
  /** For connections to come: each of the next so many is cut like this. */
  readonly cutsToCome: Cut[] = [];
  readonly random: Random;
  readonly #target: number;
  readonly #lines = new Set<Line>();
  readonly #muted = new Set<Socket>();
  readonly #listener: Server;

  private constructor(port: number, target: number, random: Random) {
    this.port = port;
    this.address = `127.0.0.1:${port}`;
    this.#target = target;
    this.random = random;
    this.#listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async start(target: number, random: Random): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(await freePort(), target, random);
    await proxy.listen();
    return proxy;
  }

  /** How many connections there are now. */
  get open(): number {
    for (const line of this.#lines) if (line.over) this.#lines.delete(line);
    return this.#lines.size + this.#muted.size;
  }

  /** How the connections are, for what should be gone. */
  get states(): string[] {
    return [...[...this.#lines].map(({ state }) => state), ...[...this.#muted].map(() => 'muted')];
  }

  /** Changes what is wrong; the rest stays. */
  set(trouble: Partial<Trouble>): void {
    this.trouble = { ...this.trouble, ...trouble };
    for (const line of this.#lines) line.troubleChanged();
  }

  /** Has every line, or one in so many, end when as many more bytes as `after` says have passed. */
  cut(make: () => Cut, share = 1): void {
    for (const line of this.#lines) if (this.random.chance(share)) line.cutLater(make());
  }

  /** New connections are refused by the system, as when no server runs; the open ones stay. */
  refuse(): void {
    this.#listener.close();
  }

  async listen(): Promise<void> {
    if (this.#listener.listening) return;
    this.#listener.listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  /** Everything works again. What was in a black hole comes now, or its connection is found to be gone. */
  async calm(): Promise<void> {
    this.cutsToCome.length = 0;
    for (const socket of this.#muted) socket.resetAndDestroy();
    for (const line of this.#lines) line.calm();
    this.set(NO_TROUBLE);
    await this.listen();
  }

  async stop(): Promise<void> {
    for (const line of this.#lines) line.end('close');
    for (const socket of this.#muted) socket.destroy();
    if (this.#listener.listening) await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(client: Socket): void {
    this.connections++;
    client.on('error', () => {});
    const { accept } = this.trouble;
    if (accept === 'reset') {
      client.resetAndDestroy();
    } else if (accept === 'mute') {
      this.#muted.add(client);
      client.resume();
      client.once('end', () => client.destroy());
      client.once('close', () => this.#muted.delete(client));
    } else {
      const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
      const line = new Line(client, server, this);
      this.#lines.add(line);
      client.once('close', () => this.#lines.delete(line));
      const cut = this.cutsToCome.shift();
      if (cut !== undefined) line.cutLater(cut);
    }
  }
}
