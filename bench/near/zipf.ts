/** An application whose keys are asked for by Zipf's law, at a given pace, and written now and then. */
import { Cache, type NearOptions } from '../../src/cache/index.ts';
import { Client } from '../../src/index.ts';
import { Random } from '../../test/support/random.ts';
import { Meter, type Use } from './meter.ts';
import { startServer } from './reads.ts';

const KEYS = 20_000;
/** One call in so many writes. */
const WRITES = 100;
/** In milliseconds. */
const TICK = 10;

export interface ZipfRow extends Use {
  way: string;
  hits: number;
  near: number;
}

const WAYS: Readonly<Record<string, NearOptions | undefined>> = {
  'without near': undefined,
  'near, trustFor: 0': { trustFor: 0 },
  'near, trustFor: 1': { trustFor: 1 },
  'near, trustFor: 10': { trustFor: 10 },
};

export async function measureZipf(perSecond: number, seconds: number): Promise<ZipfRow[]> {
  const rows: ZipfRow[] = [];
  for (const [way, near] of Object.entries(WAYS)) {
    const server = await startServer();
    const client = Client.create(server.address, { protocol: 'meta' });
    const cache = new Cache(client, { namespace: 'zipf', near });
    for (let first = 0; first < KEYS; first += 1000) {
      await cache.setMany(Array.from({ length: 1000 }, (_, index) => [keyOf(first + index), pageOf(first + index)]));
    }
    await load(cache, perSecond, 2, 1);
    const [meter, before] = [await Meter.start(server), cache.stats()];
    const calls = await load(cache, perSecond, seconds, 2);
    const use = await meter.stop(calls);
    const { hits, near: nearHits, misses } = cache.stats();
    if (misses > 0) throw new Error(`${misses} reads have missed`);
    rows.push({ way, hits: hits - before.hits, near: nearHits - before.near, ...use });
    await client.quit();
    await server.stop();
  }
  return rows;
}

/** So many calls a second, whatever they take. */
async function load(cache: Cache, perSecond: number, seconds: number, seed: number): Promise<number> {
  const random = new Random(seed);
  const open: Promise<unknown>[] = [];
  const total = perSecond * seconds;
  const began = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, ((performance.now() - began) / 1000) * perSecond);
      while (open.length < due) {
        const rank = drawn(random);
        open.push(random.below(WRITES) === 0 ? cache.set(keyOf(rank), pageOf(rank)) : cache.get(keyOf(rank)));
      }
      if (open.length < total) return;
      clearInterval(timer);
      resolve();
    }, TICK);
  });
  await Promise.all(open);
  return total;
}

/** The sums of 1/rank. */
const SUMS = Float64Array.from({ length: KEYS });
SUMS.forEach((_, rank) => {
  SUMS[rank] = (SUMS[rank - 1] ?? 0) + 1 / (rank + 1);
});

function drawn(random: Random): number {
  const wanted = (random.below(1_000_000_000) / 1e9) * (SUMS.at(-1) as number);
  let [low, high] = [0, KEYS - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((SUMS[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

const keyOf = (rank: number): string => `page:${rank}`;

/** Of about 2 KB. */
function pageOf(rank: number) {
  return {
    id: rank,
    title: `Page ${rank}`,
    rows: Array.from({ length: 40 }, (_, row) => ({ row, text: `Row ${row} of it`, price: row * 1.5 })),
  };
}
