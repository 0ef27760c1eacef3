import { describe, expect, it } from 'vitest';
import { ServerTally, Tally } from '../../cli/src/hot/tally.ts';
import { entryIn } from '../../cli/src/watch/entry.ts';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { MEMCACHEDS } from '../support/memcacheds.ts';
import { freePort } from '../support/ports.ts';
import { ZipfLoad } from '../support/zipf-load.ts';
import { followed, KEYS, logRead, runHot } from './support/hot-run.ts';
import { jsonLines, memts, PATIENCE } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

/** The oldest and the newest: the log has become longer in between. */
const VERSIONS = MEMCACHEDS.filter(({ program }) => program !== undefined)
  .map(({ name }) => name)
  .filter((_, index, all) => index === 0 || index === all.length - 1);

describe('counting what is hot', () => {
  const entry = (key: string, isStore = false) => ({ isStore, key, found: true, size: 10, connection: '1' });

  it('keeps the hottest of any number of keys, in bounded memory', () => {
    const tally = new Tally();
    const counts = new ServerTally('a:1');
    for (let index = 0; index < 200_000; index++) {
      counts.add(entry(`cold:${index}`), [tally]);
      if (index % 100 < 10) counts.add(entry(`hot:${index % 10}`), [tally]);
    }
    expect(tally.size).toBeLessThanOrEqual(100_000);
    const { heats, entries } = tally.counted(10);
    expect(entries).toBe(220_000);
    expect(heats.filter(({ reads }) => reads === 2000)).toHaveLength(10);
  });

  it('forgets what is not asked for any more', () => {
    const tally = new Tally();
    const counts = new ServerTally('a:1');
    for (let index = 0; index < 100; index++) counts.add(entry(`old:${index}`), [tally]);
    tally.seconds = 10;
    for (let second = 0; second < 60; second++) tally.age(Math.exp(-1 / 10));
    expect(tally.size).toBe(0);
    expect(tally.seconds).toBeLessThan(0.1);
  });

  it('takes the look of a store at its key for no read, on the connection that it is', () => {
    const tally = new Tally();
    const [first, second] = [new ServerTally('a:1'), new ServerTally('b:1')];
    first.add(entry('key'), [tally]);
    second.add(entry('key', true), [tally]);
    second.add(entry('key'), [tally]);
    second.add(entry('key', true), [tally]);
    expect(tally.counted(1).heats).toMatchObject([{ reads: 1, stores: 2, server: undefined }]);
  });

  it('reads lines of every version, and leaves others alone', () => {
    const line = 'ts=1.2 gid=7 type=item_get key=a%20b status=found clsid=1 cfd=20 size=5\r';
    expect(entryIn(line)).toEqual({ isStore: false, key: 'a%20b', found: true, size: 5, connection: '20' });
    const old = 'ts=1.2 gid=7 type=item_store key=a status=stored cmd=set ttl=0 clsid=1 cfd=20';
    expect(entryIn(old)).toEqual({ isStore: true, key: 'a', found: true, size: 0, connection: '20' });
    for (const other of ['', 'skipped=5', 'ts=1 gid=2 type=eviction key=a fetch=no ttl=1', 'type=item_gets key=']) {
      expect(entryIn(other)).toBe(undefined);
    }
  });
});

describe('hot', { timeout: PATIENCE }, () => {
  it.each(VERSIONS)(
    'finds the ten hottest of 10,000 keys at 50,000 gets/s, and counts every line that it misses: memcached %s',
    async (version) => {
      const { sent, hottest, found, countOf, seen, skipped } = await runHot(version, 50_000, 2);
      expect(seen + skipped).toBe(sent);
      expect(found).toHaveLength(10);
      const tenth = countOf(hottest.at(-1) ?? '');
      // A busy machine has the server leave lines out at random: keys that differ by less than that can change places.
      const chance = 5 * Math.sqrt((2 * tenth * skipped) / seen);
      for (const key of found) expect(countOf(key)).toBeGreaterThanOrEqual(tenth - chance);
      if (skipped === 0) expect(found.map(countOf)).toEqual(hottest.map(countOf));
    },
  );

  it('counts by prefix, and stores apart from reads', async () => {
    await using server = await startMemcached();
    await using client = Client.create(server.address, { timeout: 20 });
    const found = await memts(['hot', '--seconds', '60', '--by', ':', '--json'], {
      servers: server.address,
      meanwhile: async (child) => {
        await followed(client, server.address);
        for (let index = 0; index < 5; index++) await client.set(`user:${index}`, 'x');
        for (let index = 0; index < 8; index++) await client.get(`user:${index}`);
        await client.get(Buffer.from('a b:c'));
        await logRead(client, server);
        child.kill('SIGTERM');
      },
    });
    const lines = jsonLines(found.stdout);
    expect(lines).toContainEqual(expect.objectContaining({ key: 'user:', reads: 8, hits: 5, stores: 5 }));
    expect(lines).toContainEqual(expect.objectContaining({ key: 'a b:', reads: 1, stores: 0 }));
  });

  it('tells which server has a key, and goes on without a server that is not there', async () => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    const servers = `${first.address},${second.address},127.0.0.1:${await freePort()}`;
    await using a = Client.create(first.address, { timeout: 20 });
    await using b = Client.create(second.address, { timeout: 20 });
    const found = await memts(['hot', '--seconds', '60', '--json'], {
      servers,
      meanwhile: async (child) => {
        await Promise.all([followed(a, first.address), followed(b, second.address)]);
        for (let index = 0; index < 8; index++) await a.get('here');
        for (let index = 0; index < 4; index++) await Promise.all([a.get('both'), b.get('both')]);
        await logRead(a, first);
        await logRead(b, second);
        child.kill('SIGINT');
      },
    });
    const lines = jsonLines(found.stdout);
    expect(lines).toContainEqual(expect.objectContaining({ key: 'here', server: first.address, reads: 8 }));
    const both = lines.find((line) => (line as { key?: string }).key === 'both');
    expect(both).toMatchObject({ reads: 8 });
    expect(both).not.toHaveProperty('server');
    expect(found).toMatchObject({ code: 0, stderr: expect.stringMatching(/^memts: .*ECONNREFUSED/) });
  });
});

/** Loads a server until it is disposed of, at a rate that a busy machine can stand. */
async function loaded(server: Memcached): Promise<AsyncDisposable> {
  const load = await ZipfLoad.start(server, { keys: KEYS, rate: 1000 });
  const stop = new AbortController();
  const running = load.run(600, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      load[Symbol.dispose]();
    },
  };
}

describe.skipIf(!TMUX)('hot in a terminal', { timeout: PATIENCE, concurrent: true }, () => {
  it.each([
    [80, 24],
    [120, 40],
    [40, 10],
  ])('shows the keys live, sorts and explains itself: %i × %i', async (width, height) => {
    await using first = await startMemcached();
    await using second = await startMemcached();
    await using _ = await loaded(first);
    using terminal = await Terminal.start(
      ['hot', '--interval', '0.3'],
      `${first.address},${second.address}`,
      width,
      height,
    );
    const screen = await terminal.see(/^item:0 +[\d.]+k? +\d+\.\d +0\.0/m, PATIENCE);
    const lines = screen.split('\n').slice(0, height);
    expect(lines[0]).toMatch(/^memts hot · 2 servers · [\d.]+k?\/s · by PER/);
    expect(lines[1]).toMatch(/^no lines skipped|skipped by the servers/);
    expect(lines[2]).toMatch(
      width < 80 ? /^KEY +PER S +SHARE +HIT%$/ : /^KEY +PER S +SHARE +HIT% +BYTES\/S +READS\/S +STORES\/S/,
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.filter((line) => line.trim() === '')).toEqual([]);
    if (width === 120) expect(screen).toMatch(new RegExp(`^item:0 .*${first.address}$`, 'm'));
    terminal.type('Left');
    await terminal.see('by KEY');
    terminal.type('b');
    await terminal.see(/^PREFIX .*\n(item:) +[\d.]+k? +100 /m);
    terminal.type('?');
    expect(await terminal.see('memts hot · help')).toMatch(/^q, Ctrl-C +quit/m);
    terminal.type('?', 'p');
    await terminal.see('PAUSED');
    terminal.type('q');
    // The table stays when the screen has gone.
    expect(await terminal.see('ended with 0')).toMatch(/^item: +[\d.]+k?[\s\S]*reads and stores in [\d.]+ s/m);
    expect(terminal.alternate).toBe(false);
  });

  it('follows a server again that was started again', async () => {
    const port = await freePort();
    const server = await startMemcached({ port });
    using terminal = await Terminal.start(['hot', '--interval', '0.2'], server.address);
    await terminal.see('nothing read or stored yet');
    await server.stop();
    await terminal.see(/1 of 1 not followed: .*(closed the connection|ECONNREFUSED|ECONNRESET)/);
    await using again = await startMemcached({ port });
    await using client = Client.create(again.address, { timeout: 20 });
    await followed(client, again.address);
    for (let index = 0; index < 20; index++) await client.get('back');
    await terminal.see(/^back +[\d.]+k? /m);
  });
});
