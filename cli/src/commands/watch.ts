import { Argument, type Command } from 'commander';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, Exit, worstOf } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { decode } from '../metadump.ts';
import { colors, complain, print, printJson, shown, table } from '../output.ts';
import { integer, pattern, seconds } from '../parsers.ts';
import { Progress } from '../progress.ts';
import { counted, humanBytes, humanCount, shortCount } from '../units.ts';
import { entryIn, logOf } from '../watch/log.ts';
import { type Heat, Tally } from '../watch/tally.ts';

const STREAMS = ['fetchers', 'mutations', 'evictions', 'connevents', 'deletions', 'sysevents', 'rawcmds'] as const;
const READS_AND_WRITES = ['fetchers', 'mutations'];

interface WatchOptions extends GlobalOptions {
  match?: RegExp;
}

interface HotOptions extends GlobalOptions {
  seconds: number;
  by?: string;
  limit: number;
}

/** The commands for the log of the servers: watch, and hot, which counts what is in it. */
export function addWatch(program: Command): void {
  program
    .command('watch')
    .description('follow the log of the servers: what is read, stored, evicted')
    .addArgument(new Argument('[stream...]', 'of which events').choices(STREAMS).default([...READS_AND_WRITES]))
    .option('-m, --match <regexp>', 'lines that a regular expression matches', pattern)
    .addHelpText(
      'after',
      `
A busy server leaves lines out, and says how many. Ctrl-C ends it.

Examples:
  $ memts watch
  $ memts watch evictions --match 'key=session'`,
    )
    .action(async (streams: string[], _: unknown, command: Command) => {
      const options: WatchOptions = command.optsWithGlobals();
      process.exitCode = await withTargets(openTargets(options), (targets) => watch(targets, streams, options));
    });
  program
    .command('hot')
    .description('find the keys that are read and stored most')
    .option('-s, --seconds <number>', 'for how long to look', seconds, 30)
    .option('--by <text>', 'prefixes that end so, as ":", instead of keys')
    .option('-n, --limit <number>', 'how many to print', integer(1, 10_000), 20)
    .addHelpText(
      'after',
      `
It counts what the log of the servers says (watch fetchers mutations), which costs them a little. Where a server leaves
lines out, counts are too low by that share. Ctrl-C ends it earlier, with what has been seen.

Examples:
  $ memts hot --seconds 10
  $ memts hot --by : --json`,
    )
    .action(async (_: unknown, command: Command) => {
      const options: HotOptions = command.optsWithGlobals();
      process.exitCode = await withTargets(openTargets(options), (targets) => hot(targets, options));
    });
}

/** Follows the logs of all servers; what can't be followed is complained about. */
async function follow(
  targets: Target[],
  streams: string[],
  options: GlobalOptions,
  interruption: Interruption,
  use: (line: string, target: Target) => Promise<void> | undefined,
): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(
    targets.map(async (target) => {
      for await (const line of logOf(target, timeoutOf(options), streams, interruption)) await use(line, target);
    }),
  );
  const errors = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
  for (const error of errors) complain(describe(error));
  return errors;
}

async function watch(targets: Target[], streams: string[], options: WatchOptions): Promise<number> {
  using interruption = new Interruption();
  const errors = await follow(targets, streams, options, interruption, (line, { name }) => {
    if (options.match !== undefined && !options.match.test(line)) return undefined;
    if (options.json) return printJson({ server: name, line });
    return print(targets.length > 1 ? `${colors.bold(name)} ${shown(line)}` : shown(line));
  });
  return Math.max(worstOf(errors), interruption.exitCode);
}

async function hot(targets: Target[], options: HotOptions): Promise<number> {
  using interruption = new Interruption();
  const { by } = options;
  const tally = new Tally(by === undefined ? undefined : (key) => prefixOf(key, by));
  const lostBefore = await linesLost(targets);
  const start = performance.now();
  const timer = setTimeout(() => interruption.stop(Exit.Ok), options.seconds * 1000);
  const errors = await watched(options, interruption, targets, (line) => {
    const entry = entryIn(line);
    if (entry !== undefined) tally.add(entry);
  });
  clearTimeout(timer);
  const elapsed = (performance.now() - start) / 1000;
  const skipped = Math.max(0, (await linesLost(targets)) - lostBefore);
  await report(tally, skipped, elapsed, options);
  return errors.length === targets.length ? worstOf(errors) : Exit.Ok;
}

/** How many lines the servers have left out so far, since nobody could take them in time. */
async function linesLost(targets: readonly Target[]): Promise<number> {
  const lost = targets.map(async ({ client }) => {
    const [statistics = {}] = Object.values(await client.stats().catch(() => ({})));
    const { log_worker_dropped: dropped = 0, log_watcher_skipped: skipped = 0 } = statistics as Record<string, string>;
    return Number(dropped) + Number(skipped);
  });
  return (await Promise.all(lost)).reduce((sum, count) => sum + count, 0);
}

async function watched(
  options: HotOptions,
  interruption: Interruption,
  targets: Target[],
  count: (line: string) => void,
): Promise<unknown[]> {
  let lines = 0;
  using progress = new Progress('lines of the log');
  return follow(targets, READS_AND_WRITES, options, interruption, (line) => {
    count(line);
    progress.update(++lines);
    return undefined;
  });
}

function prefixOf(key: string, by: string): string {
  const text = decode(key).toString();
  const end = text.indexOf(by);
  return end < 0 ? '(none)' : encodeURIComponent(text.slice(0, end + by.length));
}

async function report(tally: Tally, skipped: number, elapsed: number, options: HotOptions): Promise<void> {
  const heats = tally.hottest(options.limit);
  if (options.json) {
    for (const heat of heats) await printJson(asJson(heat, elapsed));
    await printJson({ seconds: Math.round(elapsed * 10) / 10, events: tally.entries, skipped });
    return;
  }
  const columns = ['KEY', 'PER SECOND', 'SHARE', 'READS', 'HIT%', 'STORES', 'BYTES'];
  const rows = heats.map((heat) => asRow(heat, elapsed, tally.entries));
  if (rows.length > 0) {
    await print(
      table(
        columns.map((title, index) => ({ title, right: index > 0 })),
        rows,
      ),
    );
  }
  const share = skipped > 0 ? `; the servers left out ${counted(skipped, 'line')}` : '';
  complain(`${counted(tally.entries, 'read')} and stores in ${elapsed.toFixed(1)} s${share}`);
}

function nameOf({ name }: Heat): string {
  return name === '(none)' ? name : decode(name).toString();
}

function asRow(heat: Heat, elapsed: number, total: number): string[] {
  const { reads, hits, stores, bytes } = heat;
  return [
    nameOf(heat),
    shortCount((reads + stores) / elapsed),
    `${((100 * (reads + stores)) / total).toFixed(1)}%`,
    humanCount(reads),
    reads === 0 ? '–' : ((100 * hits) / reads).toFixed(1),
    humanCount(stores),
    humanBytes(bytes),
  ];
}

function asJson(heat: Heat, elapsed: number): object {
  const { reads, hits, stores, bytes } = heat;
  const perSecond = Math.round((10 * (reads + stores)) / elapsed) / 10;
  return { key: nameOf(heat), perSecond, reads, hits, stores, bytes };
}
