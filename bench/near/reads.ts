/** One value that 64 callers read again and again: by the client, by a cache, and by one that has it in memory. */
import { Cache } from '../../src/cache/index.ts';
import { Client, type StructuredInput, structuredSerializer } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../../test/support/memcached.ts';
import { hasMemcached } from '../../test/support/memcacheds.ts';
import { Meter, type Use } from './meter.ts';

const CALLERS = 64;
/** Of which the one in the middle counts. */
const ROUNDS = 5;

type StructuredClient = Client<StructuredInput, unknown>;

export interface ReadsRow extends Use {
  value: string;
  way: string;
}

const VALUES: Readonly<Record<string, StructuredInput>> = {
  '4 KB, string': 'x'.repeat(4096),
  '4 KB, object': objectOf(4096),
  '100 KB, string': 'x'.repeat(100_000),
};

/** An object whose JSON has about so many bytes. */
function objectOf(bytes: number): StructuredInput {
  const rows = Array.from({ length: Math.floor(bytes / 64) }, (_, id) => ({
    id: id + 1000,
    name: `Name ${id + 1000}`,
    active: true,
  }));
  return { rows, padding: 'x'.repeat(Math.max(0, bytes - JSON.stringify({ rows, padding: '' }).length)) };
}

/** The newest at hand: older ones send again what has not changed. */
export function startServer(): Promise<Memcached> {
  return startMemcached(hasMemcached('1.6.45') ? { version: '1.6.45' } : {});
}

export async function measureReads(reads: number): Promise<ReadsRow[]> {
  const rows: ReadsRow[] = [];
  for (const [value, stored] of Object.entries(VALUES)) {
    for (const [way, open] of Object.entries(WAYS)) {
      const server = await startServer();
      const client = Client.create(server.address, { protocol: 'meta', serializer: structuredSerializer() });
      const read = await open(client, stored);
      // Twice, so that it is hot and the code is warm.
      await all(read, Math.min(reads, 2000));
      const rounds: Use[] = [];
      while (rounds.length < ROUNDS) {
        const meter = await Meter.start(server);
        await all(read, reads);
        rounds.push(await meter.stop(reads));
      }
      const median = rounds.sort((a, b) => a.seconds - b.seconds)[ROUNDS >> 1] as Use;
      rows.push({ value, way, ...median });
      await client.quit();
      await server.stop();
    }
  }
  return rows;
}

const KEY = 'hot';

const WAYS: Readonly<
  Record<string, (client: StructuredClient, stored: StructuredInput) => Promise<() => Promise<unknown>>>
> = {
  'client.get': async (client, stored) => {
    await client.set(KEY, stored);
    return () => client.get(KEY);
  },
  'cache.get': (client, stored) => ofCache(client, stored),
  'near, trustFor: 0': (client, stored) => ofCache(client, stored, 0),
  'near, trustFor: 60': (client, stored) => ofCache(client, stored, 60),
};

async function ofCache(
  client: StructuredClient,
  stored: StructuredInput,
  trustFor?: number,
): Promise<() => Promise<unknown>> {
  const cache = new Cache(client, { namespace: 'near', near: trustFor === undefined ? undefined : { trustFor } });
  await cache.set(KEY, stored);
  return () => cache.get(KEY);
}

async function all(read: () => Promise<unknown>, reads: number): Promise<void> {
  let left = reads;
  const work = async (): Promise<void> => {
    while (left-- > 0) if ((await read()) === undefined) throw new Error('The value is not there');
  };
  await Promise.all(Array.from({ length: CALLERS }, work));
}
