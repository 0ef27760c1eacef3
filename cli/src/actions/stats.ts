import type { Statistics } from 'memts';
import { colors } from '../colors.ts';
import { type GlobalOptions, openTargets, type Target, withTargets } from '../connection.ts';
import { describe, serverError, worstOf } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { complain, print, regret, shown, toJson } from '../output.ts';
import { type Difference, difference, type Look } from '../stats/diff.ts';
import { renderAll, renderGroup, renderRates } from '../stats/tables.ts';

/** Those whose rows are classes or connections, which are not the same ones on every server. */
const BY_ROW: ReadonlySet<string | undefined> = new Set(['items', 'slabs', 'sizes', 'conns']);

interface StatsOptions extends GlobalOptions {
  raw?: true;
  diff?: number;
  reset?: true;
}

export async function stats(group: string | undefined, options: StatsOptions): Promise<number> {
  return withTargets(await openTargets(options), (targets) =>
    options.diff === undefined ? look(targets, group, options) : diff(targets, group, options.diff, options),
  );
}

async function look(targets: Target[], group: string | undefined, options: StatsOptions): Promise<number> {
  const asked = await Promise.all(targets.map((target) => ask(target, group)));
  await printAnswers(asked.filter(hasAnswered), group, options);
  const failures = asked.filter(({ error }) => error !== undefined);
  for (const { server, error } of failures) await printFailure(server, error, options);
  const errors = failures.map(({ error }) => error);
  const failed = options.reset ? await resetAll(targets.filter((_, index) => asked[index]?.error === undefined)) : 0;
  return Math.max(worstOf(errors), failed);
}

async function printAnswers(looks: readonly Look[], group: string | undefined, options: StatsOptions): Promise<void> {
  if (options.json) {
    for (const { server, statistics } of looks) await print(toJson({ server, group, stats: numbered(statistics) }));
    return;
  }
  if (!options.raw && !BY_ROW.has(group)) {
    if (looks.length > 0) await print(renderAll(group, looks));
    return;
  }
  for (const [index, { server, statistics }] of looks.entries()) {
    if (looks.length > 1) await print(`${index > 0 ? '\n' : ''}${colors.bold(shown(server))}`);
    await print(renderGroup(options.raw ? 'raw' : (group ?? 'general'), statistics));
  }
}

/** In JSON, too, each server has a line. */
async function printFailure(server: string, error: unknown, { json }: StatsOptions): Promise<void> {
  if (json) await print(toJson({ server, error: describe(error) }));
  complain(describe(error));
}

/** Sets the counters to 0, and says so. */
async function resetAll(targets: readonly Target[]): Promise<number> {
  const outcomes = await Promise.allSettled(targets.map(({ client }) => client.resetStats()));
  const errors = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
  for (const error of errors) complain(describe(error));
  const done = targets.filter((_, index) => outcomes[index]?.status === 'fulfilled').map(({ name }) => name);
  if (done.length > 0) regret(`the counters of ${done.join(', ')} are 0 now`);
  return worstOf(errors);
}

const COUNTERS_BEGAN_AGAIN = 'was started again, or its counters were set to 0';

/** Looks twice, and prints what changed in between. */
async function diff(
  targets: Target[],
  group: string | undefined,
  pause: number,
  options: StatsOptions,
): Promise<number> {
  using interruption = new Interruption();
  const first = await Promise.all(targets.map((target) => ask(target, group)));
  if (first.some(({ statistics }) => statistics !== undefined)) await interruption.wait(pause * 1000);
  const second = await Promise.all(
    targets.map((target, index) => (first[index]?.error === undefined ? ask(target, group) : first[index])),
  );
  const failures: { server: string; error: unknown }[] = [];
  const differences: Difference[] = [];
  for (const [index, now] of second.entries()) {
    const before = first[index];
    const server = targets[index]?.name ?? '';
    const made = hasAnswered(before) && hasAnswered(now) ? difference(before, now) : undefined;
    if (made !== undefined) differences.push(made);
    else failures.push({ server, error: now?.error ?? serverError(`${server}: ${COUNTERS_BEGAN_AGAIN}`) });
  }
  if (options.json) {
    for (const { server, seconds: elapsed, rates } of differences) {
      await print(toJson({ server, group, seconds: rounded(elapsed), rates: roundedRates(rates) }));
    }
  } else if (differences.length > 0) {
    await print(renderRates(differences));
  }
  for (const { server, error } of failures) await printFailure(server, error, options);
  return Math.max(worstOf(failures.map(({ error }) => error)), interruption.exitCode);
}

function roundedRates(rates: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...rates].map(([name, rate]) => [name, rounded(rate)]));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
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
  at: number;
  statistics?: Statistics;
  error?: unknown;
}

function hasAnswered(asked: Asked | undefined): asked is Asked & Look {
  return asked?.statistics !== undefined;
}

async function ask({ client, name: server }: Target, group: string | undefined): Promise<Asked> {
  try {
    const answers = group === undefined ? await client.stats() : await client.statsWithKey(group);
    return { server, at: performance.now(), statistics: Object.values(answers)[0] ?? {} };
  } catch (error) {
    return { server, at: performance.now(), error };
  }
}
