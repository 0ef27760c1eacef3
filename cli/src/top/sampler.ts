import type { ServerStatus, Statistics } from 'memts';
import { stateOf, type Target } from '../connection.ts';
import { describe } from '../exit.ts';
import { type SlabClass, slabClasses } from './slab-classes.ts';

/** What a server, or all of them together, does now. Rates are per second, none before there are two samples. */
export interface Reading {
  server: string;
  /** As the client's `status()` has it; none of all together. */
  state?: ServerStatus['state'];
  /** Why there is nothing to tell. */
  error?: string;
  version?: string;
  uptime?: number;
  gets?: number;
  hits?: number;
  misses?: number;
  /** The share of gets that hit, from 0 to 1, between two looks; none where nobody asked. */
  hitRatio?: number;
  /** The same since the server was started. */
  hitRatioEver?: number;
  sets?: number;
  evictions?: number;
  bytesIn?: number;
  bytesOut?: number;
  items?: number;
  used?: number;
  limit?: number;
  connections?: number;
}

interface Sample {
  /** On the clock of `performance.now()`. */
  at: number;
  values: Readonly<Record<string, number>>;
  version: string;
}

/** Asks one server again and again, and works out rates from the differences. */
export class Sampler {
  readonly #target: Target;
  #last: Sample | undefined;
  #asked: Promise<void> | undefined;
  reading: Reading;

  constructor(target: Target) {
    this.#target = target;
    this.reading = { server: target.name };
  }

  /**
   * Asks, or goes on waiting for the response to what it asked before; not longer than `patience`, in milliseconds, since
   * the other servers have something new to tell by then.
   */
  async sample(patience: number): Promise<void> {
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, patience, true);
    });
    if (await Promise.race([this.#asked, late])) {
      this.#fail(`no response within ${patience / 1000} s`);
    }
    clearTimeout(timer);
  }

  /** Where its memory is now. */
  slabClasses(): Promise<SlabClass[]> {
    return slabClasses(this.#target.client);
  }

  async #ask(): Promise<void> {
    const { client, name } = this.#target;
    try {
      const [statistics = {}] = Object.values(await client.stats());
      this.#take(statistics);
    } catch (error) {
      this.#last = undefined;
      this.#fail(describe(error).replace(`${name}: `, ''));
    }
  }

  #fail(error: string): void {
    this.reading = { server: this.#target.name, state: stateOf(this.#target), error };
  }

  #take(statistics: Statistics): void {
    const values = Object.fromEntries(Object.entries(statistics).map(([name, value]) => [name, Number(value)]));
    const sample: Sample = { at: performance.now(), values, version: statistics.version ?? '' };
    const before = this.#last;
    this.#last = sample;
    const state = stateOf(this.#target);
    const now = isSequel(before, sample) ? rates(before, sample) : {};
    this.reading = { ...levels(this.#target.name, sample), state, ...now };
  }
}

/** Why a server has nothing to show, in words: `down: …`. */
export function failureOf({ state = 'idle', error = '' }: Reading): string {
  return `${state}: ${error}`;
}

/** A server that has started again, or whose counters were reset, starts again. */
function isSequel(before: Sample | undefined, { values }: Sample): before is Sample {
  return (
    before !== undefined &&
    ['uptime', 'cmd_get', 'cmd_set'].every((name) => at(values, name) >= at(before.values, name))
  );
}

function at(values: Readonly<Record<string, number>>, name: string): number {
  return values[name] ?? 0;
}

function levels(server: string, { values, version }: Sample): Reading {
  const [hits, misses] = [at(values, 'get_hits'), at(values, 'get_misses')];
  return {
    server,
    version,
    uptime: at(values, 'uptime'),
    items: at(values, 'curr_items'),
    used: at(values, 'bytes'),
    limit: at(values, 'limit_maxbytes'),
    connections: at(values, 'curr_connections'),
    ...(hits + misses > 0 ? { hitRatioEver: hits / (hits + misses) } : {}),
  };
}

function rates(before: Sample, now: Sample): Partial<Reading> {
  const elapsed = (now.at - before.at) / 1000;
  const rate = (name: string): number => Math.max(0, at(now.values, name) - at(before.values, name)) / elapsed;
  const [hits, misses] = [rate('get_hits'), rate('get_misses')];
  return {
    gets: rate('cmd_get'),
    hits,
    misses,
    sets: rate('cmd_set'),
    evictions: rate('evictions'),
    bytesIn: rate('bytes_read'),
    bytesOut: rate('bytes_written'),
    ...(hits + misses > 0 ? { hitRatio: hits / (hits + misses) } : {}),
  };
}

const SUMS = [
  'gets',
  'hits',
  'misses',
  'sets',
  'evictions',
  'bytesIn',
  'bytesOut',
  'items',
  'used',
  'limit',
  'connections',
] as const;

/** All servers together; what no server knows is left out. */
export function total(readings: readonly Reading[]): Reading {
  const sum: Reading = { server: 'all' };
  for (const name of SUMS) {
    const known = readings.map((reading) => reading[name]).filter((value) => value !== undefined);
    if (known.length > 0) sum[name] = known.reduce((left, right) => left + right, 0);
  }
  const { hits = 0, misses = 0 } = sum;
  if (hits + misses > 0) sum.hitRatio = hits / (hits + misses);
  return sum;
}
