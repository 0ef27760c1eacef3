import { Client } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import type { VersionName } from '../../support/memcacheds.ts';
import { eventually } from '../../support/wait.ts';
import { ZipfLoad } from '../../support/zipf-load.ts';
import { jsonLines, memts, PATIENCE } from './memts.ts';

export interface HotRun {
  /** Gets that were sent, and how many seconds that took. */
  sent: number;
  seconds: number;
  /** The ten keys that were asked for most, and those that `memts hot` found, the hottest first. */
  hottest: string[];
  found: string[];
  /** What `memts hot` saw, and how many lines it says that the server left out. */
  seen: number;
  skipped: number;
}

export const KEYS = 10_000;
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
      // What was sent last has to come through the log.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      child.kill('SIGINT');
    },
  });
  const lines = jsonLines(stdout) as { key?: string; events?: number; skipped?: number }[];
  const { events: seen = 0, skipped = 0 } = lines.pop() ?? {};
  const found = lines.map(({ key = '' }) => key);
  return { sent, seconds: elapsed, hottest: load.hottest(TEN), found, seen, skipped };
}

/** Waits until the log of a server is followed, where it tells; otherwise for a while, and it is not sure then. */
export async function followed(client: Client, address: string): Promise<boolean> {
  const watchers = async (): Promise<string | undefined> => (await client.stats())[address]?.log_watchers;
  if ((await watchers()) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return false;
  }
  await eventually(async () => Number(await watchers()) > 0, { timeout: PATIENCE });
  await new Promise((resolve) => setTimeout(resolve, 300));
  return true;
}
