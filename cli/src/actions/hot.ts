import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, Exit, worstOf } from '../exit.ts';
import { columnsFor, FIRST_SORT } from '../hot/columns.ts';
import { Follower } from '../hot/follower.ts';
import { type Counted, type Heat, hottest, nameOf } from '../hot/tally.ts';
import { plainTable, render } from '../hot/view.ts';
import { Interruption } from '../interruption.ts';
import { complain, isTerminal, print, printJson } from '../output.ts';
import { Screen } from '../screen/screen.ts';
import { TableView } from '../screen/table-view.ts';
import { humanCount } from '../units.ts';

interface HotOptions extends GlobalOptions {
  seconds?: number;
  interval: number;
  by?: string;
  limit: number;
}

/** How long it looks where nobody watches, in seconds. */
const UNWATCHED = 30;
/** Of how many seconds the rates on the screen are, more or less. */
const WINDOW = 10;
const TICK = 1000;
/** So many rows there are to scroll through. */
const MOST_ROWS = 1000;

export async function hot(options: HotOptions): Promise<number> {
  return withTargets(await openTargets(options), (targets) => follow(targets, options));
}

async function follow(targets: Target[], options: HotOptions): Promise<number> {
  using interruption = new Interruption();
  const isLive = isTerminal() && !options.json;
  const { by, seconds: limit = isLive ? undefined : UNWATCHED } = options;
  const follower = new Follower(targets, { timeout: timeoutOf(options), by, live: isLive }, interruption);
  const timer = limit === undefined ? undefined : setTimeout(() => interruption.stop(Exit.Ok), limit * 1000);
  await (isLive ? watch(follower, targets, options, interruption) : wait(follower, interruption));
  clearTimeout(timer);
  await report(follower.whole.counted(options.limit), targets.length, options);
  const { failures, errors } = follower;
  for (const { server, error } of failures) {
    if (options.json) await printJson({ server, error: describe(error) });
    complain(describe(error));
  }
  return errors.length === targets.length ? worstOf(errors) : Exit.Ok;
}

/** Counts until it is time, or there is nothing to follow any more. */
async function wait(follower: Follower, interruption: Interruption): Promise<void> {
  const running = follower.run();
  const ticks = (async () => {
    while (!interruption.requested) {
      await interruption.wait(TICK);
      await follower.tick();
    }
  })();
  await running;
  interruption.stop(Exit.Ok);
  await ticks;
}

/** The live screen, until q, a signal, or the end of the time. */
async function watch(
  follower: Follower,
  targets: readonly Target[],
  { interval, by = ':' }: HotOptions,
  interruption: Interruption,
): Promise<void> {
  const view = new TableView();
  view.sort = FIRST_SORT;
  const { length: servers } = targets;
  let counted = follower.recent.counted(MOST_ROWS);
  let time = new Date();
  const draw = (): void => screen.draw(render(counted, { view, errors: follower.errors, servers, time }, screen));
  const look = (): void => {
    counted = follower.recent.counted(MOST_ROWS);
    time = new Date();
    draw();
  };
  const restart = (prefix: string | undefined): void => {
    follower.restart(prefix);
    look();
  };
  const onKey = (key: string): void => {
    if (key === 'q') interruption.stop(Exit.Ok);
    else if (key === 'b') restart(counted.by === undefined ? by : undefined);
    else if (key === 'c') restart(counted.by);
    else view.obey(key, columnsFor(screen.width, counted, servers).length);
    draw();
  };
  using screen = new Screen(onKey, draw);
  draw();
  const running = follower.run();
  while (!interruption.requested) {
    await interruption.wait(interval * 1000);
    await interruption.unless(follower.tick());
    if (!view.paused) look();
    follower.recent.age(Math.exp(-interval / WINDOW));
  }
  await running;
}

async function report(counted: Counted, servers: number, { limit, json }: HotOptions): Promise<void> {
  const { entries, skipped, seconds: elapsed } = counted;
  if (json) {
    for (const heat of hottest(counted.heats, limit)) await printJson(asJson(heat, elapsed));
    await printJson({ seconds: Math.round(elapsed * 10) / 10, events: entries, skipped });
    return;
  }
  if (counted.heats.length > 0) await print(plainTable(counted, limit, servers));
  const what = `${humanCount(Math.round(entries))} reads and stores in ${elapsed.toFixed(1)} s`;
  complain(`${what}; the servers left out ${humanCount(Math.round(skipped))} lines`);
}

function asJson(heat: Heat, elapsed: number): object {
  const { reads, hits, stores, bytes, server } = heat;
  const perSecond = Math.round((10 * (reads + stores)) / elapsed) / 10;
  return { key: nameOf(heat), server, perSecond, reads, hits, stores, bytes };
}
