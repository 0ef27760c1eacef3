import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from '../test/support/startup.ts';
import { table } from './table.ts';

/** What one round of commands came to. */
export interface Result {
  /** Commands a second. */
  rate: number;
  /** Microseconds of processor time for each. */
  cpu: number;
}

/** What is measured, and the arguments that its process gets. */
export interface Variant {
  name: string;
  args: readonly string[];
}

const COMMANDS = 200_000;
const IN_FLIGHT = 64;

/** Measures one round of a command. */
export async function measure(command: (index: number) => Promise<unknown>): Promise<Result> {
  let left = COMMANDS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await command(left);
  };
  const start = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(before);
  return { rate: (COMMANDS / (performance.now() - start)) * 1000, cpu: (user + system) / COMMANDS };
}

/** In the process of a variant: a round whenever it is asked for, after one in which all is compiled. */
export async function serveRounds(command: (index: number) => Promise<unknown>): Promise<void> {
  await measure(command);
  process.on('message', async () => process.send?.(await measure(command)));
  process.send?.('ready');
}

/**
 * The rounds of all variants, by name. Each has a process of its own, since what is compiled for one would serve the others,
 * and they take turns, since these machines are noisy.
 */
export async function alternate(
  script: string,
  variants: readonly Variant[],
  rounds: number,
): Promise<Map<string, Result[]>> {
  const children = new Map<Variant, ChildProcess>();
  const results = new Map<string, Result[]>();
  for (const variant of variants) {
    const child = fork(script, ['--work', ...variant.args], { execArgv: process.execArgv });
    children.set(variant, child);
    results.set(variant.name, []);
    await once(child, 'message');
  }
  for (let round = 0; round < rounds; round++) {
    // The other way round every second time, so that none always comes first.
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const child = children.get(variant) as ChildProcess;
      child.send('go');
      const [result] = (await once(child, 'message')) as [Result];
      results.get(variant.name)?.push(result);
    }
  }
  for (const child of children.values()) child.kill();
  return results;
}

/** A table of medians; ratios to the first variant are taken round by round. */
export function comparison(results: ReadonlyMap<string, readonly Result[]>, what: string): string {
  const [firstName = '', first = []] = [...results][0] ?? [];
  const ratio = (each: readonly Result[], field: keyof Result) =>
    median(each.map((result, i) => result[field] / (first[i] as Result)[field])).toFixed(3);
  const rows = Array.from(results, ([name, each]) => {
    const rate = Math.round(median(each.map((result) => result.rate))).toLocaleString('en');
    const cpus = each.map((result) => result.cpu);
    return [name, rate, median(cpus).toFixed(3), Math.min(...cpus).toFixed(3), ratio(each, 'rate'), ratio(each, 'cpu')];
  });
  return table(['', `${what} /s`, 'µs CPU for each', 'at least', `rate × ${firstName}`, `CPU × ${firstName}`], rows);
}
