/** What the runs find. Everything but the first three has to stay 0. */
export interface Tally {
  commands: number;
  /** Commands that ended with an error, which is allowed. */
  errors: number;
  byCode: Record<string, number>;
  /** Past the bound, but the process itself stood still meanwhile for as long as that. */
  excused: number;
  wrong: number;
  unsettled: number;
  /** Settled more than once. */
  again: number;
  late: number;
  twice: number;
  uncaught: number;
  leaks: number;
  /** Old values after all keys were repaired. */
  stale: number;
  /** Not everything worked 2 s after the end of the faults. */
  notBack: number;
}

export const ZEROS = ['wrong', 'unsettled', 'again', 'late', 'twice', 'uncaught', 'leaks', 'stale', 'notBack'] as const;

export function newTally(): Tally {
  const zeros = Object.fromEntries(ZEROS.map((name) => [name, 0])) as Record<(typeof ZEROS)[number], number>;
  return { commands: 0, errors: 0, byCode: {}, excused: 0, ...zeros };
}

export function addTo(sum: Tally, tally: Tally): void {
  for (const name of ['commands', 'errors', 'excused', ...ZEROS] as const) sum[name] += tally[name];
  for (const [code, count] of Object.entries(tally.byCode)) sum.byCode[code] = (sum.byCode[code] ?? 0) + count;
}

/** Whether anything was found that must not be. */
export function isClean(tally: Tally): boolean {
  return ZEROS.every((name) => tally[name] === 0);
}

const BEAT = 5;
/** A turn of the event loop under load takes some milliseconds; what is longer counts as standing still. */
const STALL = 15;
const REMEMBERED = 512;

/**
 * Finds out for how long the process itself stood still: a command can't settle, nor a timer fire, in that time. A
 * heartbeat of 5 ms that comes more than 15 ms late is a stall of that length.
 */
export class Stalls {
  /** In milliseconds. */
  longest = 0;
  total = 0;
  readonly #stalls: { end: number; length: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#beat(), BEAT).unref();
  }

  /** How long the process has stood still since then, a stall that is under way included. */
  since(then: number): number {
    const under = this.#excess(performance.now());
    let sum = under;
    for (let at = this.#stalls.length - 1; at >= 0; at--) {
      const { end, length } = this.#stalls[at] as { end: number; length: number };
      if (end <= then) break;
      // Only the part of it that came after.
      sum += Math.min(length, end - then);
    }
    return sum;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    const length = this.#excess(now);
    this.#last = now;
    if (length === 0) return;
    this.total += length;
    this.longest = Math.max(this.longest, length);
    this.#stalls.push({ end: now, length });
    if (this.#stalls.length > REMEMBERED) this.#stalls.splice(0, REMEMBERED / 2);
  }

  #excess(now: number): number {
    const excess = now - this.#last - BEAT;
    return excess > STALL ? excess : 0;
  }
}

/** How much later than its bound a command may settle, in milliseconds. */
export const SLACK = 100;

/** Watches every command from its call to its end. */
export class Watch {
  readonly tally = newTally();
  readonly stalls = new Stalls();
  /** The first findings, in words. */
  readonly findings: string[] = [];
  pending = 0;
  /** How long the slowest command took, in milliseconds. */
  slowest = 0;
  readonly #onIdle: (() => void)[] = [];

  /**
   * A command begins; the function that comes back has to be called with its end, and hands it on to `settled`.
   * `bound` is in milliseconds.
   */
  begin(name: string, bound: number, settled: (error: unknown, result: unknown) => void): Done {
    const started = performance.now();
    let done = false;
    this.tally.commands++;
    this.pending++;
    return (error, result) => {
      if (done) {
        this.found('again', `${name} settled again`);
        return;
      }
      done = true;
      this.pending--;
      const took = performance.now() - started;
      if (took > this.slowest) this.slowest = took;
      if (took > bound + SLACK) this.#checkLate(name, started, took, bound);
      if (error) this.failed(error);
      settled(error, result);
      if (this.pending === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    };
  }

  failed(error: unknown): void {
    this.tally.errors++;
    const code = codeOf(error);
    this.tally.byCode[code] = (this.tally.byCode[code] ?? 0) + 1;
  }

  found(what: (typeof ZEROS)[number], detail: string, times = 1): void {
    this.tally[what] += times;
    if (this.findings.length < 20) this.findings.push(`${what}: ${detail}`);
  }

  /** Resolves when nothing is pending, or after that many milliseconds. */
  async idle(patience: number): Promise<void> {
    if (this.pending === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.#onIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #checkLate(name: string, started: number, took: number, bound: number): void {
    const stalled = this.stalls.since(started);
    if (took - stalled <= bound + SLACK) this.tally.excused++;
    else
      this.found('late', `${name} took ${took.toFixed(0)} ms of ${bound} ms, ${stalled.toFixed(0)} ms of them stalled`);
  }
}

export type Done = (error: unknown, result?: unknown) => void;

function codeOf(error: unknown): string {
  if (error instanceof DOMException) return error.name;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : typeof error;
}
