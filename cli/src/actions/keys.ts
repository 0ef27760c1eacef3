import { refused } from '../confirm.ts';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, Exit, exitCodeOf, usageError } from '../exit.ts';
import { FirstOf } from '../keys/sorted.ts';
import { Summary } from '../keys/summary.ts';
import { type Listed, metadump } from '../metadump.ts';
import { complain, isTerminal, jsonBytes, OutputError, print, shown, toJson, write } from '../output.ts';
import { counted, humanBytes, humanSeconds } from '../units.ts';

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
  summary?: true;
  by: string;
  sort?: SortField;
  delete?: true;
  yes?: true;
}

type SortField = 'size' | 'ttl' | 'idle';

type Filter = (item: Listed) => boolean;

/** What is written of an item: the bytes of its key as they are, or text. */
type LineText = string | Buffer;

export async function keys(options: KeysOptions): Promise<number> {
  if (options.null && (options.long || options.json)) throw usageError('--null is for keys alone');
  return withTargets(await openTargets(options), (targets) => list(targets, options));
}

async function list(targets: Target[], options: KeysOptions): Promise<number> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  if (options.delete) return deleteFound(targets, options, limit);
  if (options.summary) return summarize(targets, options, limit);
  const lines = new Lines(options.null ? '\0' : '\n');
  if (options.long && !options.json && !options.count) await lines.add(HEAD);
  const { count, exitCode } = await listed(targets, options, limit, (item, target, now) =>
    options.count ? undefined : lines.add(lineOf(item, target, now, options)),
  );
  if (options.count) await lines.add(options.json ? toJson({ count }) : String(count));
  await lines.flush();
  return exitCode;
}

interface Found {
  count: number;
  exitCode: number;
}

/** `now` is a Unix time. */
type Use = (item: Listed, target: Target, now: number) => Promise<void> | undefined;

/** Uses the items of all servers that pass the filters, in order where one is asked for; so many at most. */
async function listed(targets: Target[], options: KeysOptions, limit: number, use: Use): Promise<Found> {
  if (options.sort === undefined) return scan(targets, options, limit, use);
  const first = new FirstOf(byField(options.sort), limit);
  const { exitCode } = await scan(targets, options, Number.POSITIVE_INFINITY, (item, target) => {
    first.add([item, target]);
    return undefined;
  });
  // One moment for all, or what is left to live would not be in order where the clock moves on between two.
  const now = unixTime();
  for (const [item, target] of first.items) await use(item, target, now);
  return { count: first.items.length, exitCode };
}

function byField(field: SortField): (a: readonly [Listed, Target], b: readonly [Listed, Target]) => number {
  if (field === 'ttl') return ([a], [b]) => (a.expires ?? Number.MAX_VALUE) - (b.expires ?? Number.MAX_VALUE);
  return ([a], [b]) => b[field] - a[field];
}

async function scan(targets: Target[], options: KeysOptions, limit: number, use: Use): Promise<Found> {
  const found = { count: 0, exitCode: Exit.Ok as number };
  for (const target of targets) {
    try {
      await scanOne(target, options, limit, found, use);
    } catch (error) {
      if (error instanceof OutputError) throw error;
      if (options.json) await print(toJson({ server: target.name, error: describe(error) }));
      complain(describe(error));
      found.exitCode = Math.max(found.exitCode, exitCodeOf(error));
    }
  }
  return found;
}

async function scanOne(target: Target, options: KeysOptions, limit: number, found: Found, use: Use): Promise<void> {
  if (found.count >= limit) return;
  const filters = filtersOf(options);
  for await (const item of metadump(target, timeoutOf(options))) {
    if (!filters.every((filter) => filter(item))) continue;
    found.count++;
    await use(item, target, unixTime());
    if (found.count >= limit) return;
  }
}

/** Groups that are shown where no number is given. */
const MOST_GROUPS = 50;

async function summarize(targets: Target[], options: KeysOptions, limit: number): Promise<number> {
  const summary = new Summary(options.by);
  const { exitCode } = await scan(targets, options, Number.POSITIVE_INFINITY, (item, _target, now) => {
    summary.add(item, ttlOf(item, now));
    return undefined;
  });
  const text = summary.render(Math.min(limit, MOST_GROUPS), options.json === true);
  if (text !== '') await print(text);
  return exitCode;
}

/** Keys that are deleted in one request. */
const DELETED_AT_ONCE = 1000;

async function deleteFound(targets: Target[], options: KeysOptions, limit: number): Promise<number> {
  const keys = new Map(targets.map((target): [Target, Buffer[]] => [target, []]));
  const { count, exitCode } = await listed(targets, options, limit, (item, target) => {
    keys.get(target)?.push(item.key);
    return undefined;
  });
  if (count > 0 && !options.yes) {
    const servers = counted([...keys.values()].filter(({ length }) => length > 0).length, 'server');
    const stopped = await refused(`Delete ${counted(count, 'item')} on ${servers}?`, 'nothing was deleted');
    if (stopped !== undefined) return stopped;
  }
  let deleted = 0;
  for (const [target, found] of keys) {
    for (let start = 0; start < found.length; start += DELETED_AT_ONCE) {
      const results = await target.client.deleteMulti(found.slice(start, start + DELETED_AT_ONCE));
      const [error] = results.errors.values();
      if (error !== undefined) throw error;
      deleted += [...results.values()].filter(Boolean).length;
    }
  }
  if (options.json) await print(toJson({ found: count, deleted }));
  else complain(`deleted ${counted(deleted, 'item')}`);
  return exitCode;
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
  if (expiresWithin !== undefined)
    filters.push((item) => (ttlOf(item, unixTime()) ?? Number.POSITIVE_INFINITY) <= expiresWithin);
  if (immortal) filters.push(({ expires }) => expires === null);
  if (unread) filters.push(({ fetched }) => !fetched);
  if (options.class !== undefined) filters.push(({ slabClass }) => slabClass === options.class);
  return filters;
}

function unixTime(): number {
  return Math.floor(Date.now() / 1000);
}

function ttlOf({ expires }: Listed, now: number): number | null {
  return expires === null ? null : Math.max(0, expires - now);
}

/** A narrower terminal gets fewer columns. */
const NARROW = 60;
const HEAD = row('TTL', 'IDLE', 'SIZE', 'CLASS', 'KEY');

/** The keys come as the server tells them, and there may be many: the columns have fixed widths. */
function row(ttl: string, idle: string, size: string, slabClass: string, key: string): string {
  if (isTerminal() && process.stdout.columns < NARROW) return `${ttl.padStart(8)}  ${size.padStart(8)}  ${key}`;
  return `${ttl.padStart(9)}  ${idle.padStart(9)}  ${size.padStart(9)}  ${slabClass.padStart(5)}  ${key}`;
}

function lineOf(item: Listed, target: Target, now: number, options: KeysOptions): LineText {
  const { key, idle, size, slabClass, fetched } = item;
  const ttl = ttlOf(item, now);
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
