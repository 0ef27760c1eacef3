import type { Command } from 'commander';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, Exit, exitCodeOf, usageError } from '../exit.ts';
import { type Listed, metadump } from '../metadump.ts';
import { complain, isTerminal, jsonBytes, OutputError, shown, toJson, write } from '../output.ts';
import { bytes, duration, integer, pattern } from '../parsers.ts';
import { humanBytes, humanSeconds } from '../units.ts';

interface KeysOptions extends GlobalOptions {
  prefix?: string;
  match?: RegExp;
  larger?: number;
  smaller?: number;
  idle?: number;
  expiresWithin?: number;
  immortal?: true;
  unread?: true;
  class?: number;
  limit?: number;
  long?: true;
  count?: true;
  null?: true;
}

type Filter = (item: Listed) => boolean;

export function addKeys(program: Command): void {
  program
    .command('keys')
    .description('list the keys that the servers hold (lru_crawler metadump)')
    .option('-p, --prefix <text>', 'keys that begin with this')
    .option('-m, --match <regexp>', 'keys that a regular expression matches', pattern)
    .option('--larger <size>', 'items over this size: bytes, or 10k, 1m', bytes)
    .option('--smaller <size>', 'items under this size', bytes)
    .option('--idle <time>', 'items that nobody has asked for in this time: seconds, or 10m, 2h', duration)
    .option('--expires-within <time>', 'items with no more than this to live', duration)
    .option('--immortal', 'items that never expire')
    .option('--unread', 'items that have not been read since they were stored')
    .option('--class <number>', 'items of a slab class', integer(1, 255))
    .option('-n, --limit <number>', 'no more than so many keys', integer(1))
    .option('-l, --long', 'with time to live, time since the last use, size and class')
    .option('-c, --count', 'print how many there are, not which')
    .option('-0, --null', 'end each key with a NUL, for xargs -0: keys may hold spaces and quotes')
    .addHelpText(
      'after',
      `
The listing is the server's own and takes it some work: on a large cache, run it where that matters little.

Examples:
  $ memts keys --prefix user: --long
  $ memts keys --idle 1d --larger 100k --json
  $ memts keys --match '^tmp:' --null | xargs -0 -r memts delete --`,
    )
    .action(async (_: unknown, command: Command) => {
      const options: KeysOptions = command.optsWithGlobals();
      process.exitCode = await withTargets(openTargets(options), (targets) => keys(targets, options));
    });
}

/** What is written of an item: the bytes of its key as they are, or text. */
type LineText = string | Buffer;

async function keys(targets: Target[], options: KeysOptions): Promise<number> {
  if (options.null && (options.long || options.json)) throw usageError('--null is for keys alone');
  const lines = new Lines(options.null ? '\0' : '\n');
  const found = { count: 0, limit: options.limit ?? Number.POSITIVE_INFINITY };
  let exitCode: number = Exit.Ok;
  if (options.long && !options.json && !options.count) await lines.add(HEAD);
  for (const target of targets) {
    try {
      await keysOf(target, options, found, lines);
    } catch (error) {
      if (error instanceof OutputError) throw error;
      complain(describe(error));
      exitCode = Math.max(exitCode, exitCodeOf(error));
    }
  }
  if (options.count) await lines.add(options.json ? toJson({ count: found.count }) : String(found.count));
  await lines.flush();
  return exitCode;
}

/** Lists the keys of one server, until there are enough of all. */
async function keysOf(
  target: Target,
  options: KeysOptions,
  found: { count: number; limit: number },
  lines: Lines,
): Promise<void> {
  if (found.count >= found.limit) return;
  const filters = filtersOf(options);
  for await (const item of metadump(target, timeoutOf(options))) {
    if (!filters.every((filter) => filter(item))) continue;
    found.count++;
    if (!options.count) await lines.add(lineOf(item, target, options));
    if (found.count >= found.limit) return;
  }
}

function filtersOf(options: KeysOptions): Filter[] {
  const { prefix, match, larger, smaller, idle, expiresWithin, immortal, unread } = options;
  const filters: Filter[] = [];
  if (prefix !== undefined) {
    const start = Buffer.from(prefix);
    filters.push(({ key }) => key.subarray(0, start.length).equals(start));
  }
  if (match !== undefined) filters.push(({ key }) => match.test(key.toString()));
  if (larger !== undefined) filters.push(({ size }) => size > larger);
  if (smaller !== undefined) filters.push(({ size }) => size < smaller);
  if (idle !== undefined) filters.push((item) => item.idle >= idle);
  if (expiresWithin !== undefined) filters.push((item) => (ttlOf(item) ?? Number.POSITIVE_INFINITY) <= expiresWithin);
  if (immortal) filters.push(({ expires }) => expires === null);
  if (unread) filters.push(({ fetched }) => !fetched);
  if (options.class !== undefined) filters.push(({ slabClass }) => slabClass === options.class);
  return filters;
}

function ttlOf({ expires }: Listed): number | null {
  return expires === null ? null : Math.max(0, expires - Math.floor(Date.now() / 1000));
}

const HEAD = row('TTL', 'IDLE', 'SIZE', 'CLASS', 'KEY');

/** The keys come as the server tells them, and there may be many: the columns have fixed widths. */
function row(ttl: string, idle: string, size: string, slabClass: string, key: string): string {
  return `${ttl.padStart(9)}  ${idle.padStart(9)}  ${size.padStart(9)}  ${slabClass.padStart(5)}  ${key}`;
}

function lineOf(item: Listed, target: Target, options: KeysOptions): LineText {
  const { key, idle, size, slabClass, fetched } = item;
  const ttl = ttlOf(item);
  if (options.json) {
    const name = jsonBytes(key, 'key', 'keyBase64');
    return toJson({ ...name, ttl, idle, size, class: slabClass, fetched, server: target.name });
  }
  if (!options.long && !isTerminal()) return key;
  const text = shown(key.toString());
  if (!options.long) return text;
  return row(ttl === null ? '–' : humanSeconds(ttl), humanSeconds(idle), humanBytes(size), String(slabClass), text);
}

const BLOCK = 32 * 1024;

/** Lines for stdout, many in one write. */
class Lines {
  readonly #end: string;
  /** As latin1, byte by byte. */
  #text = '';

  constructor(end: string) {
    this.#end = end;
  }

  async add(line: LineText): Promise<void> {
    this.#text += Buffer.from(line).toString('latin1') + this.#end;
    if (this.#text.length >= BLOCK) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    if (bytes.length > 0) await write(bytes);
  }
}
