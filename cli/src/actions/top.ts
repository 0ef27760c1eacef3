import { type GlobalOptions, openTargets, withTargets } from '../connection.ts';
import { Exit, serverError } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { isTerminal, print, toJson } from '../output.ts';
import { cell } from '../screen/columns.ts';
import { Screen } from '../screen/screen.ts';
import { TableView } from '../screen/table-view.ts';
import { columnsFor } from '../top/columns.ts';
import { Histories } from '../top/history.ts';
import { failureOf, type Reading, Sampler, total } from '../top/sampler.ts';
import { inOrder, render, type TopState } from '../top/view.ts';

interface TopOptions extends GlobalOptions {
  interval: number;
  count?: number;
}

/** How wide the plain lines are. */
const PLAIN_WIDTH = 120;

export async function top(options: TopOptions): Promise<number> {
  return withTargets(await openTargets(options), (targets) => {
    const samplers = targets.map((target) => new Sampler(target));
    return isTerminal() && !options.json ? watch(samplers, options) : report(samplers, options);
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
  const histories = new Histories();
  const state: TopState = { view: new TableView(), interval, time: new Date() };
  const { view } = state;
  let readings = samplers.map(({ reading }) => reading);
  const draw = (): void => screen.draw(render(readings, histories, state, screen));
  /** Shows a server alone; its slab classes come as soon as they are known. */
  const open = async (server: string): Promise<void> => {
    state.alone ??= { server, classes: [] };
    const classes = await samplers.find(({ reading }) => reading.server === server)?.slabClasses();
    if (classes === undefined || state.alone?.server !== server) return;
    state.alone = { server, classes };
    draw();
  };
  const onKey = (key: string): void => {
    if (key === 'q') interruption.stop(Exit.Ok);
    else if (key === 'back' || (key === 'enter' && state.alone !== undefined)) delete state.alone;
    else if (key === 'enter') void open(inOrder(readings, view, screen.width)[view.chosen]?.server ?? '');
    else view.obey(key, columnsFor(screen.width, readings).length);
    draw();
  };
  using screen = new Screen(onKey, draw);
  draw();
  for (let done = 0; done < count && !interruption.requested; done++) {
    await sampleAll(samplers, options, interruption);
    // While it is paused the counting goes on, so that the next rates are of a whole interval.
    if (!view.paused) {
      readings = samplers.map(({ reading }) => reading);
      state.time = new Date();
      histories.add(readings, total(readings));
      draw();
      if (state.alone !== undefined) void open(state.alone.server);
    }
    await pace.wait();
  }
  return interruption.exitCode;
}
