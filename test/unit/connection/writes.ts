import { Duplex } from 'node:stream';

/** A stream that keeps what is written to it, and takes it when it is to. */
export class Writes extends Duplex {
  readonly chunks: Buffer[] = [];
  /** How many times the stream below was called. */
  calls = 0;
  #held: (() => void) | undefined;
  #holding = false;

  constructor(highWaterMark = 1_000_000_000) {
    super({ highWaterMark, decodeStrings: true });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Takes nothing until `release`. */
  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.calls += 1;
    this.chunks.push(Buffer.from(chunk));
    this.#finish(done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.calls += 1;
    for (const { chunk } of chunks) this.chunks.push(Buffer.from(chunk));
    this.#finish(done);
  }

  #finish(done: () => void): void {
    if (this.#holding) this.#held = done;
    else done();
  }
}
