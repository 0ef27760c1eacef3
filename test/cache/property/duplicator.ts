import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../../support/random.ts';

/** In milliseconds. */
const LATEST = 400;
const LIFE = 50;

/** A TCP proxy in front of a server that sends some of what it passes on once more, later and by another connection. */
export class Duplicator {
  readonly address: string;
  /** How many times it has. */
  duplicates = 0;
  readonly #listener: Server;
  readonly #port: number;
  readonly #random: Random;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(listener: Server, port: number, random: Random) {
    this.#listener = listener;
    this.#port = port;
    this.#random = random;
    this.address = `127.0.0.1:${(listener.address() as { port: number }).port}`;
    listener.on('connection', (client) => this.#pass(client));
  }

  static async start(port: number, random: Random): Promise<Duplicator> {
    const listener = createServer({ noDelay: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Duplicator(listener, port, random);
  }

  stop(): void {
    this.#listener.close();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(client: Socket): void {
    const server = this.#connect();
    this.#keep(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('end', () => other.end());
    }
    server.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      server.write(bytes);
      if (this.#random.below(20) === 0) this.#later(bytes);
    });
  }

  #later(bytes: Buffer): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.duplicates++;
      const socket = this.#connect();
      socket.resume();
      socket.write(bytes);
      setTimeout(() => socket.destroy(), LIFE + LATEST);
    }, this.#random.below(LATEST));
    this.#timers.add(timer);
  }

  #connect(): Socket {
    return this.#keep(connect({ host: '127.0.0.1', port: this.#port, noDelay: true }));
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
