import { existsSync, readFileSync } from 'node:fs';
import { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import type { VersionName } from '../../support/memcacheds.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { ZipfLoad } from '../../support/zipf-load.ts';
import { jsonLines, memts, PATIENCE } from './memts.ts';

export interface HotRun {
  /** Gets that were sent, and how many seconds that took. */
  sent: number;
  seconds: number;
  /** The ten keys that were asked for most, and those that `memts hot` found, the hottest first. */
  hottest: string[];
  found: string[];
  /** How often each key was asked for. */
  countOf: (key: string) => number;
  /** What `memts hot` saw, and how many lines it says that the server left out. */
  seen: number;
  skipped: number;
}

export const KEYS = 10_000;
/** Where Linux lists its connections. */
const SOCKETS = '/proc/net/tcp';
const TEN = 10;

/** Runs `memts hot` beside a Zipf load of 10,000 keys on one memcached. */
export async function runHot(version: VersionName | undefined, rate: number, seconds: number): Promise<HotRun> {
  await using server = await startMemcached({ version });
  using load = await ZipfLoad.start(server, { keys: KEYS, rate });
  await using client = Client.create(server.address, { timeout: 20 });
  let sent = 0;
  let elapsed = 0;
  const { stdout } = await memts(['hot', '--seconds', '600', '--limit', String(TEN), '--json'], {
    servers: server.address,
    meanwhile: async (child) => {
      await followed(client, server.address);
      const start = performance.now();
      sent = await load.run(seconds);
      elapsed = (performance.now() - start) / 1000;
      await logRead(client, server);
      child.kill('SIGINT');
    },
  });
  const lines = jsonLines(stdout) as { key?: string; events?: number; skipped?: number }[];
  const { events: seen = 0, skipped = 0 } = lines.pop() ?? {};
  const found = lines.map(({ key = '' }) => key);
  const countOf = (key: string): number => load.countOf(key);
  return { sent, seconds: elapsed, hottest: load.hottest(TEN), found, countOf, seen, skipped };
}

/** Waits until the log of a server is followed, where it tells; otherwise for a while, and it is not sure then. */
export async function followed(client: Client, address: string): Promise<boolean> {
  const watchers = async (): Promise<string | undefined> => (await client.stats())[address]?.log_watchers;
  if ((await watchers()) === undefined) {
    await sleep(2000);
    return false;
  }
  await eventually(async () => Number(await watchers()) > 0, { timeout: PATIENCE });
  await sleep(300);
  return true;
}

/** Waits until the one who follows the log of each of these servers has read all that has happened. */
export async function logRead(client: Client, ...servers: readonly Memcached[]): Promise<void> {
  for (const { address, port } of servers) {
    await eventually(
      async () => {
        const { [address]: statistics = {} } = await client.stats();
        const [written, sent, skipped] = ['log_worker_written', 'log_watcher_sent', 'log_watcher_skipped'].map((name) =>
          Number(statistics[name]),
        );
        return Number(sent) + Number(skipped) === written && waiting(port) === 0;
      },
      { timeout: PATIENCE },
    );
  }
  // What it has taken from its socket it still has to go through, however little of the machine it gets.
  await sleep(1000);
}

/** How many bytes are on their way over connections of a port, as far as the system tells. */
function waiting(port: number): number {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  if (!existsSync(SOCKETS)) return 0;
  let bytes = 0;
  for (const line of readFileSync(SOCKETS, 'latin1').split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/);
    if (!local.endsWith(end) && !remote.endsWith(end)) continue;
    bytes += queues.split(':').reduce((sum, queue) => sum + Number.parseInt(queue, 16), 0);
  }
  return bytes;
}
