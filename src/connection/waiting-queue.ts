import { AbandonedRequest, type Holder, type Request } from '../protocol/request.ts';

/** What an empty place of the ring holds, so that the array keeps to one kind of element. */
type Slot = Request | undefined;

/** A first-in, first-out queue of requests on a ring; it grows by doubling and never shifts. */
export class WaitingQueue {
  #slots: Slot[] = new Array<Slot>(16).fill(undefined);
  #mask = 15;
  #first = 0;
  /** How many requests wait. */
  length = 0;

  /** The oldest request. */
  head(): Request | undefined {
    return this.#slots[this.#first];
  }

  push(request: Request): void {
    if (this.length > this.#mask) this.#grow();
    this.#slots[(this.#first + this.length) & this.#mask] = request;
    this.length++;
  }

  /** Takes the oldest request off. */
  shift(): Request | undefined {
    const request = this.#slots[this.#first];
    if (request === undefined) return undefined;
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & this.#mask;
    this.length--;
    return request;
  }

  /** The request at `index` from the oldest on. */
  at(index: number): Request {
    return this.#slots[(this.#first + index) & this.#mask] as Request;
  }

  /** Puts another request into the place at `index`. */
  replace(index: number, request: Request): void {
    this.#slots[(this.#first + index) & this.#mask] = request;
  }

  /** Gives the newest `count` requests their deadlines, and returns the first of these. */
  stamp(count: number, now: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let i = Math.max(0, this.length - count); i < this.length; i++) {
      const request = this.#slots[(this.#first + i) & this.#mask] as Request;
      const deadline = now + request.timeout;
      request.deadline = deadline;
      if (deadline < earliest) earliest = deadline;
    }
    return earliest;
  }

  /**
   * Puts one that nobody waits for in the place of each request of `holder` whose time is over, and tells of it; returns the
   * next deadline of the others. It may come a second time, so its place has to be another's. `sent` says whether the server
   * may carry them out all the same.
   */
  abandonLate(holder: Holder, now: number, sent: boolean, onLate: (request: Request, index: number) => void): number {
    let next = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.length; i++) {
      const request = this.at(i);
      if (request.holder !== holder) continue;
      if (request.deadline > now) {
        if (request.deadline < next) next = request.deadline;
        continue;
      }
      const abandoned = new AbandonedRequest(request);
      const unanswered = sent ? request.leave(holder) : undefined;
      if (unanswered !== undefined) abandoned.unanswered = unanswered;
      this.replace(i, abandoned);
      onLate(request, i);
    }
    return next;
  }

  some(test: (request: Request) => boolean): boolean {
    for (let i = 0; i < this.length; i++) if (test(this.at(i))) return true;
    return false;
  }

  #grow(): void {
    const larger = new Array<Slot>((this.#mask + 1) * 2).fill(undefined);
    for (let i = 0; i < this.length; i++) larger[i] = this.at(i);
    this.#slots = larger;
    this.#first = 0;
    this.#mask = larger.length - 1;
  }
}
