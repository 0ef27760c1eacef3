import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy in front of a server that keeps what clients send, to send it once more, late and by another connection. */
export class Repeater implements AsyncDisposable {
  readonly address: string;
  readonly #listener: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #sent: Buffer[] = [];

  private constructor(listener: Server, port: number) {
    this.#listener = listener;
    this.#port = port;
    this.address = `127.0.0.1:${(listener.address() as { port: number }).port}`;
    listener.on('connection', (client) => this.#pass(client));
  }

  static async start(port: number): Promise<Repeater> {
    const listener = createServer({ noDelay: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Repeater(listener, port);
  }

  /** What has been sent since the last call, piece by piece: whole commands, as long as they are short. */
  take(): Buffer[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** Sends something to the server once more, and waits until it has been carried out. */
  async repeat(bytes: Buffer): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    socket.write(bytes);
    socket.resume();
    await Promise.race([once(socket, 'data'), sleep(30)]);
    socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #pass(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    server.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      this.#sent.push(bytes);
      server.write(bytes);
    });
  }
}
