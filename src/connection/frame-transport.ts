import type { Response } from '../protocol/binary/message.ts';

/** What a custom transport may answer with: MemJS's message, of which only the opaque is sure. */
export interface TransportMessage {
  header: { opaque?: number; status?: number; totalBodyLength?: number; cas?: Buffer };
  key?: unknown;
  extras?: unknown;
  val?: unknown;
}

/** Takes the response to a frame. With `quiet` it takes further ones, until one whose `totalBodyLength` is 0. */
export interface ResponseListener {
  (message: Response): void;
  quiet?: boolean;
}

export type ErrorListener = (error: Error) => void;

/** MemJS's server contract: whole binary frames go in by `write`, responses come by the frame's opaque. */
export interface FrameTransport {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Until when the server is ejected, as `Date.now()` has it. */
  wakeupAt?: number | undefined;
  write(frame: Buffer): void;
  onResponse(seq: number, fn: ResponseListener): void;
  onError(seq: number, fn: ErrorListener): void;
  close(): void;
}

/** Who waits for which response, by opaque: the half of the contract that every server of memts has. */
export class FrameListeners {
  readonly #responses = new Map<number, ResponseListener>();
  readonly #errors = new Map<number, ErrorListener>();

  onResponse(seq: number, fn: ResponseListener): void {
    this.#responses.set(seq, fn);
  }

  onError(seq: number, fn: ErrorListener): void {
    this.#errors.set(seq, fn);
  }

  /** Hands a response to who waits for it; nobody may. */
  respond(message: TransportMessage): void {
    const seq = message.header.opaque as number;
    const listener = this.#responses.get(seq);
    if (listener === undefined) return;
    if (!listener.quiet || message.header.totalBodyLength === 0) {
      this.#responses.delete(seq);
      this.#errors.delete(seq);
    }
    // What a transport answers with is as much of a Response as it makes it.
    listener(message as Response);
  }

  /** Fails everyone who waits. */
  failAll(error: Error): void {
    const listeners = [...this.#errors.values()];
    this.#responses.clear();
    this.#errors.clear();
    for (const listener of listeners) listener(error);
  }

  /** Fails the one that waits for `seq`. */
  fail(seq: number, error: Error): void {
    const listener = this.#errors.get(seq);
    this.#responses.delete(seq);
    this.#errors.delete(seq);
    listener?.(error);
  }
}
