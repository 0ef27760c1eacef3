import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.ts';

/** Starts a TCP proxy in front of a real server, whose line to the client can be disturbed. */
export async function startProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> {
  const proxy = new TcpProxy(await freePort(), targetPort, targetHost);
  await proxy.accept();
  return proxy;
}

export class TcpProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  /** How many connections there have been. */
  connections = 0;
  bytesToServer = 0;
  /** What has come from the server, held back or not. */
  bytesFromServer = 0;
  /** What has gone on to the clients. */
  bytesToClient = 0;
  /** How many separate writes that took. */
  piecesToClient = 0;
  /** Gets what clients send. */
  onSent: ((chunk: Buffer) => void) | undefined;
  readonly #lines = new Set<Line>();
  readonly #listener: Server;
  #held = false;
  #pieceSize = Number.POSITIVE_INFINITY;

  constructor(port: number, targetPort: number, targetHost: string) {
    this.port = port;
    this.address = `${this.host}:${port}`;
    this.#listener = createServer({ noDelay: true }, (client) => {
      this.connections += 1;
      const server = connect({ port: targetPort, host: targetHost, noDelay: true });
      const line = new Line(client, server, this);
      this.#lines.add(line);
      client.once('close', () => this.#lines.delete(line));
    });
  }

  /** How many connections there are now. */
  get open(): number {
    return this.#lines.size;
  }

  get held(): boolean {
    return this.#held;
  }

  get pieceSize(): number {
    return this.#pieceSize;
  }

  /** Ends all connections, on both sides: with FIN, or with RST to the client. */
  cut(how: 'fin' | 'reset' = 'fin'): void {
    for (const line of this.#lines) line.cut(how);
  }

  /** Keeps back what the server sends, its FIN too; what clients send still goes through. */
  hold(): void {
    this.#held = true;
  }

  /** Sends on what was kept back, and everything from now on. */
  release(): void {
    this.#held = false;
    for (const line of this.#lines) line.deliver();
  }

  /** Connections that are open now pass nothing on any more, and stay open. */
  mute(): void {
    for (const line of this.#lines) line.mute();
  }

  /** Passes on what the server sends in pieces of that many bytes, and time between them; 0: as it comes. */
  split(size: number): void {
    this.#pieceSize = size > 0 ? size : Number.POSITIVE_INFINITY;
  }

  /** New connections are refused by the system, as when no server runs; the open ones stay. */
  refuse(): void {
    this.#listener.close();
  }

  /** Takes connections (again). */
  async accept(): Promise<void> {
    if (this.#listener.listening) return;
    this.#listener.listen(this.port, this.host);
    await once(this.#listener, 'listening');
  }

  async stop(): Promise<void> {
    this.cut();
    if (this.#listener.listening) await new Promise((resolve) => this.#listener.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** One client's connection, and the connection to the server that belongs to it. */
class Line {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #proxy: TcpProxy;
  readonly #waiting: Buffer[] = [];
  #serverEnded = false;
  #delivering = false;

  constructor(client: Socket, server: Socket, proxy: TcpProxy) {
    this.#client = client;
    this.#server = server;
    this.#proxy = proxy;
    client.on('data', (chunk: Buffer) => {
      proxy.bytesToServer += chunk.length;
      proxy.onSent?.(chunk);
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      proxy.bytesFromServer += chunk.length;
      this.#waiting.push(chunk);
      this.deliver();
    });
    server.on('end', () => {
      this.#serverEnded = true;
      this.deliver();
    });
    // The server's reset, or its refusal, is the client's reset.
    server.on('error', () => this.cut('reset'));
    client.on('error', () => {});
    client.on('close', () => server.destroy());
  }

  cut(how: 'fin' | 'reset'): void {
    if (how === 'reset') this.#client.resetAndDestroy();
    else this.#client.destroy();
    this.#server.destroy();
  }

  mute(): void {
    this.#client.pause();
    this.#server.pause();
  }

  /** Passes on what waits, as far as the proxy lets it. */
  async deliver(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#proxy.held && !this.#client.destroyed) {
      const piece = this.#nextPiece();
      if (!piece) break;
      this.#proxy.bytesToClient += piece.length;
      this.#proxy.piecesToClient += 1;
      this.#client.write(piece);
      if (Number.isFinite(this.#proxy.pieceSize)) await timeToRead();
    }
    this.#delivering = false;
    if (this.#serverEnded && this.#waiting.length === 0 && !this.#proxy.held) this.#client.end();
  }

  #nextPiece(): Buffer | undefined {
    const chunk = this.#waiting.shift();
    if (!chunk || chunk.length <= this.#proxy.pieceSize) return chunk;
    this.#waiting.unshift(chunk.subarray(this.#proxy.pieceSize));
    return chunk.subarray(0, this.#proxy.pieceSize);
  }
}

/** Pieces that a client does not read in time are joined again by the system. Twice round the event loop mostly does. */
async function timeToRead(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}
