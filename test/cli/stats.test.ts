import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { startRelay } from '../support/relay.ts';
import { sleep } from '../support/wait.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

let first: Memcached;
let second: Memcached;
let client: Client;

beforeAll(async () => {
  [first, second] = await Promise.all([startMemcached(), startMemcached({ args: ['-m', '32'] }), program()]);
  client = Client.create(first.address, { timeout: 20 });
  for (const size of [10, 500, 5000]) await client.set(`key:${size}`, 'x'.repeat(size));
  for (let index = 0; index < 9; index++) await client.get('key:10');
  await client.get('missing');
});
afterAll(async () => {
  client.close();
  await Promise.all([first.stop(), second.stop()]);
});

/** Reads all the time while something runs. */
async function busy<T>(run: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    client.get('key:10').catch(() => {});
    client.get('key:10').catch(() => {});
    client.get('missing').catch(() => {});
  }, 5);
  return run().finally(() => clearInterval(timer));
}

describe('stats', { timeout: PATIENCE, concurrent: true }, () => {
  it('puts servers beside each other, and what matters most last', async () => {
    const servers = `${first.address},${second.address}`;
    const { code, stdout } = await memts(['stats'], { servers });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^NAME +${first.address} +${second.address}\n`));
    expect(stdout).toMatch(/^limit_maxbytes +64 MiB +32 MiB$/m);
    const summary = stdout.split('\n\n').at(-1) ?? '';
    expect(summary).toMatch(/^version +1\.6\.\d+ +1\.6\.\d+$/m);
    expect(summary).toMatch(/^memory +5\.\d+ KiB of 64 MiB, 0\.0% +0 B of 32 MiB, 0\.0%$/m);
    expect(summary).toMatch(/^hits +\d\d\.\d% of [\d,]+ gets +(0\.0% of \d+ gets|–)$/m);
    expect(summary.split('\n').length).toBeLessThan(14);
    const settings = await memts(['stats', 'settings'], { servers });
    expect(settings.stdout).toMatch(/^maxbytes +64 MiB +32 MiB +≠$/m);
    expect(settings.stdout).toMatch(/^maxconns +1,024 +1,024$/m);
  });

  it('has a row for each slab class of each server', async () => {
    const { stdout } = await memts(['stats', 'slabs'], { servers: `${first.address},${second.address}` });
    const [own = ''] = stdout.split(`${second.address}\n`);
    expect(own.split('\n')[0]).toBe(first.address);
    expect(own).toMatch(/^CLASS +chunk_size +used_chunks/m);
    expect(own.match(/^ +\d+ +[\d.]+ (B|KiB) +1 /gm)?.length).toBe(3);
  });

  it('--diff tells what changed, per second', async () => {
    const [table, json] = await busy(() =>
      Promise.all([
        memts(['stats', '--diff', '1'], { servers: first.address }),
        memts(['stats', '--diff', '1', '--json'], { servers: `${first.address},${second.address}` }),
      ]),
    );
    expect(table.stdout).toMatch(/^get_hits +[\d,.]+\/s$/m);
    expect(table.stdout).toMatch(/^bytes_read +[\d,.]+ (B|KiB)\/s$/m);
    expect(table.stdout).toMatch(/^hits of gets +[5-7]\d\.\d%$/m);
    expect(table.stdout).not.toMatch(/^(time|uptime|pid|evictions|limit_maxbytes) /m);
    const [busyOne, idle] = jsonLines(json.stdout) as { seconds: number; rates: Record<string, number> }[];
    expect(busyOne?.seconds).toBeGreaterThanOrEqual(1);
    expect(busyOne?.rates.get_hits).toBeGreaterThan(10);
    // Two hits for a miss, and each look at a counter takes its time.
    const ratio = (busyOne?.rates.get_hits ?? 0) / (busyOne?.rates.get_misses ?? 1);
    expect(ratio).toBeGreaterThan(1.1);
    expect(ratio).toBeLessThan(4);
    expect(idle?.rates.cmd_set).toBe(0);
    const classes = await busy(() => memts(['stats', 'slabs', '--diff', '0.5'], { servers: first.address }));
    expect(classes.stdout).toMatch(/^1:get_hits +[\d,.]+\/s$/m);
    expect((await memts(['stats', '--diff', '1', '--reset'])).code).toBe(2);
  });

  it('--diff says so where counters began again', async () => {
    await using other = await startMemcached();
    await using filled = Client.create(other.address, { timeout: 20 });
    for (let index = 0; index < 20; index++) await filled.set('key', 'x');
    const made = memts(['stats', '--diff', '600'], {
      servers: other.address,
      meanwhile: async (child) => {
        // A connection of its own, with a first look that has been taken.
        await expect
          .poll(async () => Number((await filled.stats())[other.address]?.curr_connections), { timeout: PATIENCE })
          .toBeGreaterThan(1);
        await sleep(500);
        await filled.resetStats();
        child.kill('SIGINT');
      },
    });
    expect(await made).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/was started again, or its counters/),
    });
  });

  it('--reset prints, and then sets the counters to 0', async () => {
    await using other = await startMemcached();
    await using filled = Client.create(other.address, { timeout: 20 });
    for (let index = 0; index < 20; index++) await filled.set('key', 'x');
    const { code, stdout } = await memts(['stats', '--reset', '--json'], { servers: other.address });
    expect([code, jsonLines(stdout)]).toMatchObject([0, [{ stats: { cmd_set: 20 } }]]);
    expect((await filled.stats())[other.address]).toMatchObject({ cmd_set: '0' });
  });

  it('--json has numbers as numbers, and as strings where they would be rounded', async () => {
    const toClient = (text: string): string =>
      text.replace(/STAT cmd_touch \d+/, 'STAT cmd_touch 18446744073709551615');
    await using relay = await startRelay(first, { toClient });
    const { stdout } = await memts(['stats', '--json'], { servers: relay.address });
    const [{ stats } = { stats: {} }] = jsonLines(stdout) as { stats: Record<string, unknown> }[];
    expect(stats).toMatchObject({
      cmd_touch: '18446744073709551615',
      pid: expect.any(Number),
      rusage_user: expect.any(Number),
      limit_maxbytes: 67_108_864,
      version: expect.stringMatching(/^1\.6\./),
    });
    const table = await memts(['stats'], { servers: relay.address });
    expect(table.stdout).toMatch(/^cmd_touch +18,446,744,073,709,551,615$/m);
  });
});

describe.skipIf(!TMUX)('stats in a terminal', { timeout: PATIENCE, concurrent: true }, () => {
  it.each([
    [80, 24],
    [120, 40],
    [40, 10],
  ])('shows as many servers beside each other as there is room for: %i × %i', async (width, height) => {
    const servers = Array.from({ length: 4 }, () => `${first.address},${second.address}`).join(',');
    using terminal = await Terminal.start(['stats', '--servers', servers], servers, width, height);
    await terminal.see('ended with 0');
    const lines = terminal.screen('-S', '-2000').split('\n');
    // None was broken by the terminal: each begins with a name.
    for (const line of lines.filter((one) => one.trim() !== '')) {
      expect(line).toMatch(/^([a-z_\d…]+ +\S|NAME +127|ended with 0|before$)/);
    }
    const heads = lines.filter((line) => line.startsWith('NAME'));
    expect(heads.length).toBeGreaterThan(1);
    expect(heads.join(' ').match(/127\.0\.0\.1:\d+/g)).toHaveLength(16);
  });
});
