import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { eventually } from './wait.ts';

/** A socket to look at servers with, byte by byte. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** Whether the other side has closed, in whatever way. */
  closed = false;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
  }

  static async connect(target: NetConnectOpts): Promise<RawClient> {
    const socket = connect(target);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  static async connectTls(target: ConnectionOptions): Promise<RawClient> {
    const socket = connectTls(target);
    await once(socket, 'secureConnect');
    return new RawClient(socket);
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** What has come so far, and was not taken by `receive`. */
  get received(): Buffer {
    return this.#received;
  }

  /** Takes exactly that many bytes, once they are here. */
  async receive(length: number, timeout = 2000): Promise<Buffer> {
    await eventually(() => this.#received.length >= length, { timeout, interval: 2 });
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  /** Takes a line, without its end. */
  async receiveLine(timeout = 2000): Promise<string> {
    await eventually(() => this.#received.includes('\r\n'), { timeout, interval: 2 });
    const line = await this.receive(this.#received.indexOf('\r\n') + 2);
    return line.toString('latin1', 0, line.length - 2);
  }

  async untilClosed(timeout = 2000): Promise<void> {
    await eventually(() => this.closed, { timeout, interval: 2 });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
