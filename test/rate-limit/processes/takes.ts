import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { RateLimiterOptions } from '../../../src/rate-limit/index.ts';
import { killAtExit, makeFolder } from '../../support/leftovers.ts';

/** What one process is to do. */
export interface Order {
  address: string;
  protocol: 'meta' | 'binary' | 'classic';
  limit: Pick<RateLimiterOptions, 'points' | 'per' | 'algorithm'>;
  key: string;
  seconds: number;
  /** How many take at once in each process. */
  takers: number;
  /** How long each waits after a take, on average, in milliseconds; 0: not at all. */
  pause: number;
}

/** A take that was allowed: when it was sent and answered, in milliseconds of Unix time, and what was left then. */
export type Allowed = readonly [sent: number, answered: number, remaining: number];

/** What one process, or all of them, have taken. */
export interface Taken {
  takes: number;
  allowed: Allowed[];
  failures: string[];
}

/** Processes with clients of their own, which take from the same limits. */
export class Takers implements Disposable {
  readonly #children: ChildProcess[];
  #orders = 0;

  private constructor(children: ChildProcess[]) {
    this.#children = children;
  }

  /** Resolves when all of them are ready. */
  static async start(count: number): Promise<Takers> {
    const program = await compile();
    const children = Array.from({ length: count }, () => fork(program, { execArgv: [] }));
    for (const child of children) killAtExit(child);
    await Promise.all(children.map((child) => once(child, 'message')));
    return new Takers(children);
  }

  /** Has each process carry out the order; they may have several at a time. */
  async take(order: Order): Promise<Taken> {
    this.#orders++;
    const id = this.#orders;
    const all = await Promise.all(
      this.#children.map(async (child) => {
        child.send({ id, ...order });
        for await (const [answer] of on(child, 'message')) if (answer.id === id) return answer as Taken;
        throw new Error('a process ended');
      }),
    );
    return {
      takes: all.reduce((sum, { takes }) => sum + takes, 0),
      allowed: all.flatMap(({ allowed }) => allowed),
      failures: all.flatMap(({ failures }) => failures),
    };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

async function compile(): Promise<string> {
  const outfile = join(makeFolder(), 'worker.mjs');
  const entryPoints = [join(import.meta.dirname, 'worker.ts')];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return outfile;
}

/**
 * What is wrong with takes from fixed windows by processes that never paused: in every window but the last one each of the
 * points has to be allowed once, and no window may begin before `per` seconds of the one before are over.
 */
export function wrongInFixed({ allowed, failures }: Taken, points: number, per: number): string[] {
  const wrong = failures.slice(0, 5);
  const firsts = allowed.filter(([, , remaining]) => remaining === points - 1).toSorted((a, b) => a[0] - b[0]);
  for (const [index, [, answered]] of firsts.entries()) {
    const before = firsts[index - 1];
    if (before !== undefined && answered - before[0] < per * 1000) {
      wrong.push(`a window began ${answered - before[0]} ms after the one before`);
    }
  }
  for (let remaining = 0; remaining < points; remaining++) {
    const times = allowed.filter((take) => take[2] === remaining).length;
    if (times > firsts.length || times < firsts.length - 1) {
      wrong.push(`point ${points - remaining} was allowed ${times} times in ${firsts.length} windows`);
    }
  }
  return wrong;
}

/**
 * What is wrong with takes from sliding windows: within any `per` seconds there may be `points`, and as many of them again
 * as the share of the window that has passed, and those that were under way when it began.
 */
export function wrongInSliding({ allowed, failures }: Taken, points: number, per: number, underWay: number): string[] {
  const wrong = failures.slice(0, 5);
  const times = allowed.map(([sent]) => sent).toSorted((a, b) => a - b);
  const length = per * 1000;
  let oldest = 0;
  for (const [index, time] of times.entries()) {
    while ((times[oldest] as number) <= time - length) oldest++;
    const within = index - oldest + 1;
    const most = points * (1 + (time % length) / length) + underWay;
    if (within > most) wrong.push(`${within} were allowed within ${per} s, where at most ${most.toFixed(1)} may be`);
  }
  return wrong;
}
