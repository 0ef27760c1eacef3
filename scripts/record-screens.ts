/**
 * Records the screens of `memts top` and `memts hot` for the docs: three servers under a Zipf load, one of them too small
 * for what it is given, and a picture of what tmux shows after a while. `npm run build` first, then
 * `npx tsx scripts/record-screens.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../src/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { sleep } from '../test/support/wait.ts';

const [WIDTH, HEIGHT, SECONDS] = [100, 24, 45];
const PROGRAM = 'cli/dist/main.mjs';
/** What is recorded, and the keys that are typed first: for a column that stands out. */
const SCREENS = [
  { name: 'top', keys: ['Right', 'Right'] },
  { name: 'hot', keys: ['c'] },
] as const;
const folder = mkdtempSync(join(tmpdir(), 'memts-top-'));

async function main(): Promise<void> {
  const servers = await Promise.all([
    startMemcached({ args: ['-m', '64'] }),
    startMemcached({ args: ['-m', '64'] }),
    startMemcached({ args: ['-m', '8'] }),
  ]);
  const stop = new AbortController();
  try {
    const loads = servers.map(({ address }, index) => load(address, index, stop.signal));
    const list = servers.map(({ address }) => address).join(',');
    for (const { name } of SCREENS) {
      tmux(
        name,
        '-f',
        '/dev/null',
        'new-session',
        '-d',
        '-x',
        String(WIDTH),
        '-y',
        String(HEIGHT),
        command(name, list),
      );
    }
    await sleep(SECONDS * 1000);
    for (const { name, keys } of SCREENS) tmux(name, 'send-keys', ...keys);
    // Long enough for rates of hot that have settled.
    await sleep(5000);
    for (const { name } of SCREENS) {
      writeFileSync(`docs/cli/${name}.svg`, picture(name, tmux(name, 'capture-pane', '-e', '-p').split('\n')));
      console.log(`docs/cli/${name}.svg:\n${tmux(name, 'capture-pane', '-p')}`);
    }
    stop.abort();
    await Promise.all(loads);
  } finally {
    stop.abort();
    for (const { name } of SCREENS) tmux(name, 'kill-server');
    rmSync(folder, { recursive: true });
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function command(name: string, list: string): string {
  return `'${process.execPath}' ${PROGRAM} ${name} --servers ${list}`;
}

/** Each screen is in a terminal of its own. */
function tmux(name: string, ...args: string[]): string {
  const env = { ...process.env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' };
  return execFileSync('tmux', ['-S', join(folder, name), ...args], { encoding: 'utf8', env });
}

const KEYS = 30_000;

/** Of so many keys the nth is asked for n times less often than the first, nearly. */
function keyOf(random: number): string {
  const index = Math.floor(KEYS ** random);
  return `${index % 3 === 0 ? 'session' : 'item'}:${index}`;
}

/** Reads and writes in waves, each server with another share of misses and another pace. */
async function load(address: string, index: number, signal: AbortSignal): Promise<void> {
  const client = Client.create(address, { timeout: 5, logger: { log() {} } });
  const value = Buffer.alloc(1000 * (index + 1));
  for (let round = 0; !signal.aborted; round++) {
    const wave = 1 + Math.sin(round / 40 + index) * 0.7;
    const reads = Math.round((30 - index * 8) * wave);
    const keys = Array.from({ length: reads }, () => keyOf(Math.random()));
    // What is missing is made and stored, as a cache is used.
    const found = await client.getMulti(keys).catch(() => new Map());
    const missing = keys.filter((key) => !found.has(key)).slice(0, 8);
    await client.setMulti(missing.map((key) => [key, value])).catch(() => {});
    await sleep(10);
  }
  client.close();
}

const [CELL, LINE, MARGIN] = [8.4, 18, 14];
const [BACK, TEXT] = ['#1b1f24', '#d7dce2'];
/** The colours of a terminal, by their numbers. */
const COLORS: Readonly<Record<number, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#56d4dd' };

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
}

const PLAIN: Style = { color: TEXT, bold: false, dim: false, inverse: false };

/** An SVG of lines with the colours that tmux tells in escape sequences. */
function picture(name: string, lines: string[]): string {
  const [width, height] = [WIDTH * CELL + 2 * MARGIN, HEIGHT * LINE + 2 * MARGIN];
  const rows = lines.slice(0, HEIGHT).map((line, index) => row(line, MARGIN + index * LINE));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="memts ${name}">
<rect width="100%" height="100%" rx="8" fill="${BACK}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">
${rows.filter(Boolean).join('\n')}
</g>
</svg>
`;
}

function row(line: string, top: number): string {
  const parts: string[] = [];
  let style = PLAIN;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape begins a change of colour.
  for (const [, codes, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (text === undefined) {
      style = (codes ?? '').split(';').map(Number).reduce(restyle, style);
      continue;
    }
    if (text.trim() !== '' || style.inverse) parts.push(span(text, style, MARGIN + column * CELL, top));
    column += [...text].length;
  }
  return parts.join('\n');
}

function restyle(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 7) return { ...style, inverse: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 27) return { ...style, inverse: false };
  return { ...style, color: COLORS[code] ?? (code === 39 ? TEXT : style.color) };
}

function span(text: string, { color, bold, dim, inverse }: Style, left: number, top: number): string {
  const width = ([...text].length * CELL).toFixed(1);
  const x = left.toFixed(1);
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const box = inverse ? `<rect x="${x}" y="${top}" width="${width}" height="${LINE}" fill="${color}"/>` : '';
  const look = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`;
  // The length is given, since no font has the width that another one has.
  const place = `x="${x}" y="${top + 14}" textLength="${width}" lengthAdjust="spacingAndGlyphs"`;
  return `${box}<text ${place} fill="${inverse ? BACK : color}"${look}>${escaped}</text>`;
}

await main();
