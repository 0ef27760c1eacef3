import { once } from 'node:events';
import { connect } from 'node:net';
import { startProxy, type TcpProxy } from './proxy.ts';
import { sleep } from './wait.ts';

/** A TCP proxy in front of a server that keeps what clients send, to send it once more, late and by another connection. */
export class Repeater implements AsyncDisposable {
  readonly #proxy: TcpProxy;
  readonly #port: number;
  #sent: Buffer[] = [];

  private constructor(proxy: TcpProxy, port: number) {
    this.#proxy = proxy;
    this.#port = port;
    proxy.onSent = (bytes) => this.#sent.push(bytes);
  }

  static async start(port: number): Promise<Repeater> {
    return new Repeater(await startProxy(port), port);
  }

  get address(): string {
    return this.#proxy.address;
  }

  /** What has been sent since the last call, piece by piece: whole commands, as long as they are short. */
  take(): Buffer[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** Sends something to the server once more, and waits until it has been carried out. */
  async repeat(bytes: Buffer): Promise<void> {
    await sendOnce(this.#port, bytes, 30);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#proxy.stop();
  }
}

/** Sends something by a connection of its own, and waits for a response, but no more than so many milliseconds. */
export async function sendOnce(port: number, bytes: Buffer, patience: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  socket.write(bytes);
  socket.resume();
  await Promise.race([once(socket, 'data').catch(() => {}), sleep(patience)]);
  socket.destroy();
}
