import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as progressModule from '../../cli/src/progress.ts';
import type * as tableViewModule from '../../cli/src/screen/table-view.ts';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { eventually, sleep } from '../support/wait.ts';
import { makeBundle, PATIENCE, program } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

let first: Memcached;
let second: Memcached;
let client: Client;

beforeAll(async () => {
  [first, second] = await Promise.all([startMemcached(), startMemcached(), program()]);
  client = Client.create(first.address, { timeout: 20 });
  await client.set('key', 'value');
});
afterAll(async () => {
  client.close();
  await Promise.all([first.stop(), second.stop()]);
});

/** Keeps a server busy until it is disposed of. */
function load(): Disposable {
  const timer = setInterval(() => {
    for (let index = 0; index < 50; index++) client.get('key').catch(() => {});
    client.get('missing').catch(() => {});
  }, 10);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

it('a bar is never wider than its terminal, and goes where there is no room for one', async () => {
  const { Progress } = (await import(await makeBundle('progress'))) as typeof progressModule;
  for (const total of [1, 200_000, undefined]) {
    const progress = new Progress('dump', total, 1);
    for (let width = 5; width < 130; width++) expect(progress.line(width).length).toBeLessThanOrEqual(width);
  }
  const progress = new Progress('dump', 200_000);
  expect(progress.line(79)).toMatch(/^dump ░{8,40} 0% \| 0\/200000 \| 0s \| ETA –$/);
  expect(progress.line(34)).toMatch(/^dump 0% \| 0\/200000 \| 0s \| ETA –$/);
});

it('the choice stays with its row when rows change places, but for the first row', async () => {
  const { TableView } = (await import(await makeBundle('screen/table-view'))) as typeof tableViewModule;
  const view = new TableView();
  const chosenOf = (...rows: string[]): string | undefined => {
    view.window(rows, 2, (row) => row);
    return rows[view.chosen];
  };
  expect(chosenOf('a', 'b', 'c')).toBe('a');
  expect(chosenOf('b', 'a', 'c')).toBe('b');
  view.obey('down', 1);
  expect(chosenOf('b', 'a', 'c')).toBe('a');
  expect(chosenOf('b', 'c', 'a')).toBe('a');
  expect(view.first).toBe(1);
  view.obey('up', 1);
  expect(chosenOf('a', 'b', 'c')).toBe('a');
  for (let times = 0; times < 5; times++) view.obey('down', 1);
  expect(chosenOf('a', 'b', 'c')).toBe('c');
  expect(chosenOf('a', 'b')).toBe('b');
  expect(chosenOf()).toBe(undefined);
});

describe.skipIf(!TMUX)('in a terminal', { timeout: PATIENCE, concurrent: true }, () => {
  it('top shows the servers, sorts, pauses, follows the size of the screen and leaves it as it was', async () => {
    using _ = load();
    const servers = `${second.address},${first.address},127.0.0.1:1`;
    using terminal = await Terminal.start(['top', '--interval', '0.2'], servers, 80, 24);
    const screen = await terminal.see(/^gets +\S*[▂-█]\S* +[\d.]+k?\/s$/m, PATIENCE);
    expect(terminal.alternate).toBe(true);
    expect(screen).toMatch(/^memts top · 3 servers, 1 down · every 0\.2 s · by SERVER · \d\d:\d\d:\d\d$/m);
    expect(screen).toMatch(/^127\.0\.0\.1:1 +.*ECONNREFUSED/m);
    expect(screen).toMatch(/^q quit {2}p pause/m);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    terminal.type('Right', 'Right');
    const busiestFirst = new RegExp(`by HITS/s[^]*${first.address}[^]*${second.address}[^]*127\\.0\\.0\\.1:1 `);
    await terminal.see(busiestFirst);
    terminal.type('r');
    await terminal.see(new RegExp(`by HITS/s, reversed[^]*${second.address}[^]*${first.address}`));
    terminal.type('p');
    const paused = await terminal.see('PAUSED');
    terminal.resize(120, 12);
    const wide = await terminal.see(/OUT\/s +GETS\/s/);
    expect(wide).not.toMatch(/^gets/m);
    expect(wide.slice(0, 60)).toBe(paused.slice(0, 60));
    terminal.type('q');
    expect(await terminal.see('ended with 0')).toContain('before\n');
    expect(terminal.alternate).toBe(false);
  });

  it.each([
    [80, 24],
    [120, 40],
    [40, 10],
  ])('top uses the screen, and explains itself: %i × %i', async (width, height) => {
    using _ = load();
    const servers = `${first.address},${second.address},node-1.cluster-with-a-long-name.example.invalid:11211`;
    using terminal = await Terminal.start(['top', '--interval', '0.2'], servers, width, height);
    const screen = await terminal.see(/^all .*\d/m, PATIENCE);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(screen).toMatch(/^node-.*(…|-with-a-long)\S*11211 /m);
    if (height > 12) {
      await terminal.see(/[▂-█]\S* +[\d.]+k?\/s$/m);
      // A look can come while the screen is being drawn.
      await eventually(() => {
        const lines = terminal.screen().split('\n').slice(0, height);
        expect(lines.filter((line) => line.trim() === '').length).toBeLessThan(height / 2);
      });
    }
    terminal.type('?');
    const help = await terminal.see('memts top · help');
    expect(help).toMatch(/^q, Ctrl-C +quit/m);
    terminal.type('?');
    await terminal.see(/^SERVER/m);
    terminal.type('q');
    await terminal.see('ended with 0');
  });

  it.each([
    [80, 24],
    [120, 40],
    [40, 10],
  ])('top shows one server alone: %i × %i', async (width, height) => {
    using _ = load();
    const servers = `${first.address},${second.address}`;
    using terminal = await Terminal.start(['top', '--interval', '0.2'], servers, width, height);
    await terminal.see(/^all .*\d/m, PATIENCE);
    terminal.type('Right', 'Right');
    await terminal.see(new RegExp(`SERVER[\\s\\S]*${first.address} [\\s\\S]*${second.address} `));
    // The order of the names may be the same, so that the screen does not tell when it is another.
    if (width > 40) await terminal.see('by HITS/s');
    else await sleep(500);
    terminal.type('Enter');
    const screen = await terminal.see(/^gets +[1-9]\S*\/s/m);
    expect(screen).toMatch(/^memts top · 127\S*\d · 1\.6\.\d/);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
    if (height > 12) {
      const whole = await terminal.see(/^memory +\S*[▁-█] [\s\S]*^CLASS +CHUNK +ITEMS +MEMORY[\s\S]*\n1 +96B +1 /m);
      const lines = whole.split('\n').slice(0, height - 1);
      expect(lines.findLastIndex((line) => line.trim() !== '')).toBeGreaterThan(height - 8);
    }
    terminal.type('Escape');
    await terminal.see(/^SERVER/m);
    terminal.type('Down', 'Enter');
    await terminal.see(/^gets +0\/s/m);
    terminal.type('q');
    await terminal.see('ended with 0');
  });

  it('errors of a load stand above its bar, and Ctrl-C at a question ends with 130', async () => {
    const bad = `(yes 'no json' | head -n 1500; sleep 5)`;
    using terminal = await Terminal.start(['load', '-'], second.address, 80, 40, `${bad} |`);
    const screen = await terminal.see(/line 20: not JSON\nload lines/);
    expect(screen).toMatch(/^memts: line 1: not JSON\nmemts: line 2: not JSON\n/m);
    expect(screen).toMatch(/line 20: not JSON\nload lines \| \d+ \| \d+s\n/);
    terminal.type('C-c');
    using question = await Terminal.start(['flush'], second.address);
    await question.see('[y/N]');
    question.type('C-c');
    await question.see('ended with 130');
  });

  it('a load ends with its summary below all errors, and no bar', async () => {
    using terminal = await Terminal.start(['load', '-'], second.address, 80, 40, `yes 'no json' | head -n 1500 |`);
    const screen = await terminal.see('ended with 1');
    const errors = Array.from({ length: 20 }, (_, index) => `memts: line ${index + 1}: not JSON`);
    const end = ['memts: 1,480 lines more could not be stored', 'memts: loaded 0 items, 1,500 failed', 'ended with 1'];
    expect(screen.trim().split('\n')).toEqual(['before', ...errors, ...end]);
  });

  it('the summary of a bench is on a screen of 80 × 24, below what it is of', async () => {
    // A server of its own: beside this, `top` is to find the first one the busiest.
    await using server = await startMemcached();
    const args = ['bench', '--duration', '0.3', '--keys', '100'];
    using terminal = await Terminal.start(args, server.address, 80, 24);
    const screen = await terminal.see('ended with 0', PATIENCE);
    expect(screen).toMatch(/^COMMAND +get +set\nCOUNT[\s\S]*\np99\.9 [\s\S]*\nended with 0/m);
  });

  it('top gives the screen back after a signal', async () => {
    using terminal = await Terminal.start(['top', '--interval', '0.2'], first.address);
    await terminal.see('memts top');
    process.kill(terminal.pid, 'SIGTERM');
    expect(await terminal.see('ended with 143')).toMatch(/^before\n/);
    expect(terminal.alternate).toBe(false);
  });

  it('top fits a narrow screen, scrolls no further than there is something, and can be left while a server is silent', async () => {
    await using silent = await startMemcached();
    const servers = ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3', first.address, silent.address].join(',');
    using terminal = await Terminal.start(['top', '--interval', '0.2'], servers, 40, 8);
    const screen = await terminal.see(/1-3 shown[\s\S]*^all /m);
    expect(screen).toMatch(/^SERVER +HIT% +HITS\/s +MISS\/s$/m);
    expect(screen.split('\n').filter(Boolean)).toHaveLength(7);
    terminal.type(...Array.from({ length: 6 }, () => 'Down'));
    expect(await terminal.see('3-5 shown')).toContain(silent.address);
    terminal.type('Up');
    await terminal.see('3-5 shown');
    terminal.type('Up', 'Up');
    await terminal.see('2-4 shown');
    terminal.resize(100, 30);
    await terminal.see(/5 servers, 3 down ·[\s\S]*CONN/);
    silent.pause();
    await terminal.see(new RegExp(`${silent.address} +(up: no response within 1 s|down: The server is hung)`));
    terminal.type('q');
    await terminal.see('ended with 0', 1500);
  });

  it('load tells how many lines have come where there is no end in sight', async () => {
    await using server = await startMemcached();
    const endless = `(while :; do echo '{"key":"key","value":"x"}'; done)`;
    using terminal = await Terminal.start(['load', '-'], server.address, 100, 30, `${endless} |`);
    await terminal.see(/^load lines \| [1-9]\d* \| \d+s/m);
    terminal.type('C-c');
    await terminal.see(/^memts: stopped after line \d+$/m);
  });

  it('tables of many classes fit the screen', async () => {
    await using server = await startMemcached();
    await using filled = Client.create(server.address, { timeout: 20 });
    for (let size = 50; size < 200_000; size *= 1.3) await filled.set(`key:${Math.round(size)}`, Buffer.alloc(size));
    using terminal = await Terminal.start(['stats', 'items'], server.address, 80, 250);
    const screen = await terminal.see('ended with 0');
    expect(screen).toMatch(/^CLASS +number +mem_requested +age /m);
    expect(screen.match(/^ +\d+ +1 +/gm)?.length).toBeGreaterThan(20);
    expect(screen).toMatch(/^\d+ more columns in a wider terminal/m);
  });

  it('flush asks, and takes anything but yes for a no', async () => {
    await using server = await startMemcached();
    await using filled = Client.create(server.address, { timeout: 20 });
    await filled.set('key', 'value');
    using no = await Terminal.start(['flush'], server.address);
    await no.see(`Delete everything on ${server.address}? [y/N]`);
    no.type('Enter');
    await no.see('ended with 1');
    expect((await filled.get('key')).value).not.toBe(null);
    using yes = await Terminal.start(['flush'], server.address);
    await yes.see('[y/N]');
    yes.type('y', 'Enter');
    await yes.see('ended with 0');
    await eventually(async () => (await filled.get('key')).value === null);
  });

  it('values end their line, words tell what happened, keys do nothing to the terminal', async () => {
    await client.set(Buffer.from('red\u001b[31mkey'), 'x');
    using got = await Terminal.start(['get', 'key'], first.address);
    expect(await got.see('ended with 0')).toMatch(/^before\nvalue\nended with 0\n/);
    using missed = await Terminal.start(['get', 'nothing'], first.address);
    expect(await missed.see('ended with 1')).toMatch(/^before\nmemts: nothing: not found\n/);
    using listed = await Terminal.start(['keys', '--prefix', 'red'], first.address);
    expect(await listed.see('ended with 0')).toContain('red\\x1b[31mkey\n');
  });
});

describe.skipIf(TMUX)('without tmux', () => {
  it.skip('tmux is not installed: "npm run servers" installs it', () => {});
});
