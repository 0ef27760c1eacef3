import { Argument, type Command } from 'commander';
import type { Statistics } from 'memts';
import { type GlobalOptions, openTargets, type Target, withTargets } from '../connection.ts';
import { describe, worstOf } from '../exit.ts';
import { colors, complain, print, toJson } from '../output.ts';
import { renderGroup } from '../stats-tables.ts';

const GROUPS = ['settings', 'items', 'slabs', 'sizes', 'conns'] as const;

interface StatsOptions extends GlobalOptions {
  raw?: true;
}

export function addStats(program: Command): void {
  program
    .command('stats')
    .description('print the statistics of every server')
    .addArgument(new Argument('[group]', 'a group of them instead of the general ones').choices(GROUPS))
    .option('--raw', 'names and numbers as the server has them')
    .addHelpText(
      'after',
      '\nExamples:\n  $ memts stats\n  $ memts stats slabs --servers a:11211\n  $ memts stats --json | jq .stats.get_hits',
    )
    .action(async (group: string | undefined, _: unknown, command: Command) => {
      const options: StatsOptions = command.optsWithGlobals();
      process.exitCode = await withTargets(openTargets(options), (targets) => stats(targets, group, options));
    });
}

async function stats(targets: Target[], group: string | undefined, options: StatsOptions): Promise<number> {
  const asked = await Promise.all(targets.map((target) => ask(target, group)));
  for (const [index, { server, statistics }] of asked.entries()) {
    if (statistics === undefined) continue;
    if (options.json) {
      await print(toJson({ server, group, stats: numbered(statistics) }));
      continue;
    }
    if (asked.length > 1) await print(`${index > 0 ? '\n' : ''}${colors.bold(server)}`);
    await print(renderGroup(options.raw ? 'raw' : (group ?? 'general'), statistics));
  }
  const errors = asked.map(({ error }) => error).filter((error) => error !== undefined);
  for (const error of errors) complain(describe(error));
  return worstOf(errors);
}

/** Numbers as numbers, but for those that would be rounded. */
function numbered(statistics: Statistics): Record<string, string | number> {
  const entries = Object.entries(statistics).map(([name, value]): [string, string | number] => {
    const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value);
    return [name, isNumber && Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER ? Number(value) : value];
  });
  return Object.fromEntries(entries);
}

interface Asked {
  server: string;
  statistics?: Statistics;
  error?: unknown;
}

async function ask({ client, name: server }: Target, group: string | undefined): Promise<Asked> {
  try {
    const answers = group === undefined ? await client.stats() : await client.statsWithKey(group);
    return { server, statistics: Object.values(answers)[0] ?? {} };
  } catch (error) {
    return { server, error };
  }
}
