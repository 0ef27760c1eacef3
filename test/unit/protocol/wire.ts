import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Op } from '../../../src/protocol/op.ts';
import type { Decoder, Protocol } from '../../../src/protocol/protocol.ts';
import type { Request, WireKey } from '../../../src/protocol/request.ts';
import { type Fields, KeptOutput, KeptQueue, type KeptReply, make } from './harness.ts';

/** A bare socket with a codec: requests go out as they are made, answers settle them. */
export class Wire implements Disposable {
  readonly queue = new KeptQueue([]);
  closed = false;
  private readonly protocol: Protocol;
  private readonly socket: Socket;
  private readonly decoder: Decoder;
  private readonly rejects = new Set<(error: unknown) => void>();
  private failure: unknown;
  private nextOpaque = 1;

  private constructor(protocol: Protocol, socket: Socket) {
    this.protocol = protocol;
    this.socket = socket;
    this.decoder = protocol.createDecoder(this.queue);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      for (const reject of this.rejects) reject(this.failure ?? new Error('The server closed the connection'));
    });
    socket.on('end', () => this.decoder.ended?.());
    socket.on('data', (chunk: Buffer) => this.read(chunk));
  }

  static async connect(protocol: Protocol, port: number): Promise<Wire> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new Wire(protocol, socket);
  }

  /** Sends one request and resolves with all that it got. */
  async ask(op: Op, key: WireKey = '', fields: Fields = {}): Promise<KeptReply[]> {
    const request = make(op, key, fields);
    const done = new Promise<void>((resolve, reject) => {
      request.onDone = () => {
        this.rejects.delete(reject);
        resolve();
      };
      this.rejects.add(reject);
    });
    this.send(this.protocol.split?.(request, (step) => this.send(step)) ?? request);
    await done;
    return request.replies;
  }

  /** Sends a request without waiting for its response. */
  send(request: Request): void {
    request.opaque = this.nextOpaque;
    this.nextOpaque += 1 + (request.keys?.length ?? 0);
    const output = new KeptOutput();
    this.protocol.encode(request, output);
    this.queue.requests.push(request);
    this.socket.write(output.bytes());
  }

  async untilClosed(): Promise<void> {
    if (!this.closed) await once(this.socket, 'close');
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    try {
      this.decoder.decode(chunk, 0, chunk.length);
    } catch (error) {
      this.failure = error;
      this.socket.destroy();
    }
  }
}
