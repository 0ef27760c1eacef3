import type { Histogram } from 'hdr-histogram-js';
import type { Client } from 'memts';
import { describe } from '../exit.ts';
import type { Interruption } from '../interruption.ts';
import { Progress } from '../progress.ts';

export interface LoadOptions {
  /** The share of gets, from 0 to 1; the rest are sets. */
  getRatio: number;
  /** Bytes of a value. */
  size: number;
  keys: number;
  /** Commands under way at a time. */
  concurrency: number;
  /** In seconds. */
  duration: number;
}

export type Kind = 'get' | 'set';

/** What came of the commands of one kind. */
export interface Tally {
  count: number;
  misses: number;
  errors: number;
  /** In microseconds. */
  latency: Histogram;
}

export interface LoadResult {
  /** In seconds. */
  elapsed: number;
  tallies: Record<Kind, Tally>;
  /** Messages of the errors, and how often there was each. */
  errors: Map<string, number>;
}

/** What is left behind by a run that was killed goes by itself. */
const LIFETIME = 3600;
/** Latencies are kept up to a minute, with three digits. */
const MAX_LATENCY = 60_000_000;

/** Keys of this run alone. */
export function makeKeys(count: number): string[] {
  const run = `memts-bench:${process.pid.toString(36)}${Date.now().toString(36)}`;
  return Array.from({ length: count }, (_, index) => `${run}:${index}`);
}

/** Keys that are stored between two looks at whether to stop. */
const PORTION = 5000;

/** Stores a value under each key, so that gets hit; how many it got to when interrupted. */
export async function fill(
  client: Client,
  keys: readonly string[],
  value: Buffer,
  interruption: Interruption,
): Promise<number> {
  using progress = new Progress('store keys', keys.length);
  for (let start = 0; start < keys.length; start += PORTION) {
    if (interruption.requested) return start;
    const portion = keys.slice(start, start + PORTION);
    const { errors } = await client.setMulti(
      portion.map((key) => [key, value]),
      { expires: LIFETIME },
    );
    const [error] = errors.values();
    if (error !== undefined) throw error;
    progress.update(start + portion.length);
  }
  return keys.length;
}

/** Sends commands for a while, always as many at a time, each with its latency. */
export async function runLoad(
  client: Client,
  keys: readonly string[],
  value: Buffer,
  options: LoadOptions,
  interruption: Interruption,
): Promise<LoadResult> {
  // Loaded here, since it takes a while and no other command needs it.
  const { build } = await import('hdr-histogram-js');
  const tallies = { get: newTally(build), set: newTally(build) };
  const errors = new Map<string, number>();
  const start = performance.now();
  const end = start + options.duration * 1000;
  const get = async (key: string): Promise<void> => {
    if ((await client.get(key)).value === null) tallies.get.misses++;
  };
  const set = async (key: string): Promise<void> => {
    await client.set(key, value, { expires: LIFETIME });
  };
  const worker = async (): Promise<void> => {
    while (performance.now() < end && !interruption.requested) {
      const key = keys[Math.floor(Math.random() * keys.length)] as string;
      const isGet = Math.random() < options.getRatio;
      const tally = isGet ? tallies.get : tallies.set;
      const sent = performance.now();
      try {
        await (isGet ? get(key) : set(key));
        tally.count++;
        tally.latency.recordValue(Math.min(MAX_LATENCY, Math.max(1, Math.round((performance.now() - sent) * 1000))));
      } catch (error) {
        tally.errors++;
        const text = describe(error);
        errors.set(text, (errors.get(text) ?? 0) + 1);
        // A server that is down fails at once: its errors are not to be a loop that never lets go.
        await interruption.wait(10);
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return { elapsed: (performance.now() - start) / 1000, tallies, errors };
}

function newTally(build: typeof import('hdr-histogram-js').build): Tally {
  const latency = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_LATENCY,
    numberOfSignificantValueDigits: 3,
  });
  return { count: 0, misses: 0, errors: 0, latency };
}
