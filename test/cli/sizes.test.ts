import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { PATIENCE, program } from './support/memts.ts';
import { Terminal, TMUX } from './support/terminal.ts';

let first: Memcached;
let second: Memcached;

beforeAll(async () => {
  [first, second] = await Promise.all([startMemcached(), startMemcached(), program()]);
  await using client = Client.create(first.address, { timeout: 20 });
  for (const prefix of ['user', 'a-prefix-that-is-much-longer-than-others', 'page']) {
    await client.set(`${prefix}:1`, 'x'.repeat(100), { expires: 1000 });
  }
});
afterAll(() => Promise.all([first.stop(), second.stop()]));

/** What each command is to show, whatever the size; `top`, `hot` and `stats` have tests of their own. */
const SCREENS: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['ping', ['ping'], /\bup\b[\s\S]*1\.6\./],
  ['ping --count', ['ping', '--count', '20', '--interval', '0.001'], /P99[\s\S]*\d ms/],
  ['keys --summary', ['keys', '--summary'], /^user: +1 [\s\S]*^all +3\b/m],
  ['keys --long', ['keys', '--long', '--prefix', 'user'], /user:1/],
  ['inspect', ['inspect', 'user:1'], /^ {2}ttl +\d+m/m],
  ['bench', ['bench', '--duration', '0.3', '--keys', '100'], /pipelined on 1[\s\S]*p99\.9/],
];

describe.skipIf(!TMUX)('screens of every size', { timeout: PATIENCE }, () => {
  it.each([
    [80, 24],
    [120, 40],
    [40, 10],
  ])('no line is broken by the terminal: %i × %i', async (width, height) => {
    await Promise.all(
      SCREENS.map(async ([name, args, what]) => {
        const both = `${first.address},${second.address}`;
        // The keys of a bench would be in the way of the others'.
        const servers = { ping: both, bench: second.address }[args[0] ?? ''] ?? first.address;
        using terminal = await Terminal.start(args, servers, width, height);
        await terminal.see('ended with 0', PATIENCE);
        // With -J tmux joins the lines that it had to break, which are then longer than the terminal is wide.
        const lines = terminal.screen('-J', '-S', '-500');
        expect(lines, name).toMatch(what);
        for (const line of lines.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(width);
      }),
    );
  });
});
