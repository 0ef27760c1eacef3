import type { Command } from 'commander';
import { type GlobalOptions, openTargets, withTargets } from '../connection.ts';
import { Exit, serverError } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { isTerminal, print, toJson } from '../output.ts';
import { integer, seconds } from '../parsers.ts';
import { cell, columnsFor } from '../top/columns.ts';
import { failureOf, type Reading, Sampler, total } from '../top/sampler.ts';
import { Screen } from '../top/screen.ts';
import { type History, lastScroll, render } from '../top/view.ts';

interface TopOptions extends GlobalOptions {
  interval: number;
  count?: number;
}

/** How wide the plain lines are. */
const PLAIN_WIDTH = 120;
const HISTORY = 240;

export function addTop(program: Command): void {
  program
    .command('top')
    .description('watch the servers: hits, misses, rates, memory, evictions, connections')
    .option('-i, --interval <seconds>', 'how often to look', seconds, 1)
    .option('-c, --count <number>', 'end after so many looks', integer(1))
    .addHelpText(
      'after',
      `
In a terminal: q quits, ? explains, p pauses, ← and → choose the column to sort by, r reverses, ↑ and ↓ scroll.
In a pipe: a line for each server at each look; with --json an object.

Examples:
  $ memts top --servers a:11211,b:11211,c:11211
  $ memts top --interval 10 --count 6 --json > minute.jsonl`,
    )
    .action(async (_: unknown, command: Command) => {
      const options: TopOptions = command.optsWithGlobals();
      process.exitCode = await withTargets(openTargets(options), (targets) => {
        const samplers = targets.map((target) => new Sampler(target));
        return isTerminal() && !options.json ? watch(samplers, options) : report(samplers, options);
      });
    });
}

/** Plain lines, until there were enough of them. */
async function report(samplers: readonly Sampler[], options: TopOptions): Promise<number> {
  using interruption = new Interruption();
  const { interval, count = Number.POSITIVE_INFINITY } = options;
  const pace = new Pace(interval, interruption);
  await sampleAll(samplers, options, interruption);
  if (!options.json) await print(plainHead(samplers.map(({ reading }) => reading)));
  for (let done = 0; done < count; done++) {
    await pace.wait();
    await sampleAll(samplers, options, interruption);
    if (interruption.requested) return interruption.exitCode;
    const readings = samplers.map(({ reading }) => reading);
    const time = new Date().toISOString();
    for (const reading of readings)
      await print(options.json ? toJson({ time, ...rounded(reading) }) : plain(reading, readings, time));
  }
  const [down] = samplers.filter(({ reading }) => reading.error !== undefined);
  if (down !== undefined && samplers.every(({ reading }) => reading.error !== undefined)) {
    throw serverError(`${down.reading.server}: ${down.reading.error}`);
  }
  return Exit.Ok;
}

/** How long a server that does not answer may hold up the others, where the interval is shorter, in seconds. */
const LEAST_PATIENCE = 1;

async function sampleAll(
  samplers: readonly Sampler[],
  { interval }: TopOptions,
  interruption: Interruption,
): Promise<void> {
  const patience = Math.max(interval, LEAST_PATIENCE) * 1000;
  await interruption.unless(Promise.all(samplers.map((sampler) => sampler.sample(patience))));
}

/** Looks come at an interval, however long each takes; one that takes longer is followed by the next at once. */
class Pace {
  readonly #interval: number;
  readonly #interruption: Interruption;
  #last = performance.now();

  constructor(interval: number, interruption: Interruption) {
    this.#interval = interval * 1000;
    this.#interruption = interruption;
  }

  async wait(): Promise<void> {
    await this.#interruption.wait(Math.max(0, this.#last + this.#interval - performance.now()));
    this.#last = performance.now();
  }
}

/** No more digits than anybody can measure. */
function rounded(reading: Reading): object {
  return Object.fromEntries(
    Object.entries(reading).map(([name, value]) => [
      name,
      typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
    ]),
  );
}

function plainHead(readings: readonly Reading[]): string {
  const heads = columnsFor(PLAIN_WIDTH, readings).map((column, index) => cell(column.title, column, index === 0));
  return ['TIME'.padEnd(8), ...heads].join('  ').trimEnd();
}

function plain(reading: Reading, readings: readonly Reading[], time: string): string {
  const [name, ...rest] = columnsFor(PLAIN_WIDTH, readings).map((column, index) =>
    cell(column.text(reading), column, index === 0),
  );
  const cells = reading.error === undefined ? rest : [failureOf(reading)];
  return [time.slice(11, 19), name, ...cells].join('  ').trimEnd();
}

/** The live screen, until q or a signal. */
async function watch(samplers: readonly Sampler[], options: TopOptions): Promise<number> {
  using interruption = new Interruption();
  const { interval, count = Number.POSITIVE_INFINITY } = options;
  const pace = new Pace(interval, interruption);
  const history: History = { gets: [], hitRatio: [], sets: [], evictions: [], used: [] };
  const view = { sort: 0, reverse: false, paused: false, help: false, scroll: 0, interval, time: new Date() };
  let readings = samplers.map(({ reading }) => reading);
  const draw = (): void => {
    const { width, height } = screen;
    screen.draw(render(readings, history, { ...view, width, height }));
  };
  const onKey = (key: string): void => {
    const columns = columnsFor(screen.width, readings).length;
    if (key === 'q') interruption.stop(Exit.Ok);
    else if (key === '?' || key === 'h') view.help = !view.help;
    else if (key === 'p') view.paused = !view.paused;
    else if (key === 'r') view.reverse = !view.reverse;
    else if (key === 'right' || key === 's') view.sort = (view.sort + 1) % columns;
    else if (key === 'left') view.sort = (view.sort + columns - 1) % columns;
    else if (key === 'up') view.scroll = Math.max(0, view.scroll - 1);
    else if (key === 'down') view.scroll = Math.min(lastScroll(samplers.length, screen.height), view.scroll + 1);
    draw();
  };
  using screen = new Screen(onKey, draw);
  draw();
  for (let done = 0; done < count && !interruption.requested; done++) {
    await sampleAll(samplers, options, interruption);
    // While it is paused the counting goes on, so that the next rates are of a whole interval.
    if (!view.paused) {
      readings = samplers.map(({ reading }) => reading);
      view.time = new Date();
      remember(history, total(readings));
      draw();
    }
    await pace.wait();
  }
  return interruption.exitCode;
}

function remember(history: History, { gets, hitRatio, sets, evictions, used }: Reading): void {
  const now = { gets, hitRatio, sets, evictions, used };
  for (const name of Object.keys(now) as (keyof History)[]) {
    history[name].push(now[name] ?? Number.NaN);
    if (history[name].length > HISTORY) history[name].shift();
  }
}
