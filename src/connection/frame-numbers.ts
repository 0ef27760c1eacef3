import type { Request } from '../protocol/request.ts';

/** The numbers of a client's commands. They are the opaques of the frames that go to transports of its caller. */
export class FrameNumbers {
  /** The number of the last command, uint32. */
  last = 0;
  /** The last number that went with a frame. */
  #used = -1;
  readonly #known = new WeakMap<Request, number>();

  next(): number {
    this.last = (this.last + 1) >>> 0;
    return this.last;
  }

  /** A request keeps its number over all attempts; one that begins to need it late gets a new one. */
  of(request: Request): number {
    const known = this.#known.get(request);
    if (known !== undefined) return known;
    const number = this.last === this.#used ? this.next() : this.last;
    this.#used = number;
    this.#known.set(request, number);
    return number;
  }
}
