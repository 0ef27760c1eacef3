import type { Request } from './request.ts';

/** A failure has to come so often in a row for a server to get its commands one by one. */
const MOST_FAILURES = 2;

/** A queue in which one entry may stand for several commands. */
export interface Gathered {
  /** How many commands wait beside the entries of the queue. */
  gathered: number;
}

/** Whether gets of one turn go to a server in lines of several keys, and how those that fail there go again. */
export class Gathering {
  #failures = 0;
  /** Sends a request by whichever connection its key belongs to. */
  readonly send: (request: Request) => void;

  constructor(send: (request: Request) => void) {
    this.send = send;
  }

  /** Until it has failed several times in a row: one of several servers behind a proxy may be down. */
  get on(): boolean {
    return this.#failures < MOST_FAILURES;
  }

  worked(): void {
    if (this.on) this.#failures = 0;
  }

  failed(): void {
    this.#failures++;
  }
}
