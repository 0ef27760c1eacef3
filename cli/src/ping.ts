import type { ServerStatus } from 'memts';
import { type GlobalOptions, openTargets, stateOf, type Target, withTargets } from './connection.ts';
import { describe, worstOf } from './exit.ts';
import { turnedTable } from './fit.ts';
import { Interruption } from './interruption.ts';
import { complain, print, printJson } from './output.ts';
import type { Column } from './table.ts';

export interface PingOptions extends GlobalOptions {
  count?: number;
  interval: number;
}

/** The times of one server's responses over an open connection. */
interface Times {
  server: string;
  /** As the client's `status()` has it, after the last one. */
  state: ServerStatus['state'];
  version: string;
  sent: number;
  /** In milliseconds, the shortest first. */
  times: number[];
  error?: unknown;
}

const PERCENTILES = [50, 90, 99] as const;
const NONE = '–';

/** Asks every server again and again, and prints how the times are spread. */
export async function pingOften(options: PingOptions): Promise<number> {
  using interruption = new Interruption();
  const all = await withTargets(await openTargets(options), (targets) =>
    Promise.all(targets.map((target) => pingTarget(target, options, interruption))),
  );
  if (options.json) for (const times of all) await printJson(asJson(times));
  else await print(turnedTable(COLUMNS, all.map(asRow)));
  const errors = all.map(({ error }) => error).filter((error) => error !== undefined);
  for (const error of errors) complain(describe(error));
  return Math.max(worstOf(errors), interruption.exitCode);
}

async function pingTarget(target: Target, options: PingOptions, interruption: Interruption): Promise<Times> {
  const { client, name: server } = target;
  const made: Times = { server, state: 'idle', version: '', sent: 0, times: [] };
  const { count = 1, interval } = options;
  // The first one opens the connection.
  await client.version().catch(() => {});
  while (made.sent < count && !interruption.requested) {
    made.sent++;
    const start = performance.now();
    try {
      [made.version = ''] = Object.values(await client.version());
      made.times.push(performance.now() - start);
    } catch (error) {
      made.error = error;
    }
    if (made.sent < count) await interruption.wait(interval * 1000);
  }
  made.state = stateOf(target);
  made.times.sort((a, b) => a - b);
  return made;
}

const COLUMNS: readonly Column[] = [
  { title: 'SERVER' },
  { title: 'STATE' },
  { title: 'VERSION' },
  ...['SENT', 'LOST', 'MIN', ...PERCENTILES.map((percentile) => `P${percentile}`), 'MAX'].map((title) => ({
    title,
    right: true,
  })),
];

function asRow({ server, state, version, sent, times }: Times): string[] {
  const spread = [times[0], ...PERCENTILES.map((percentile) => at(times, percentile)), times.at(-1)];
  const cells = spread.map((time) => (time === undefined ? NONE : `${time.toFixed(2)} ms`));
  return [server, state, version || NONE, String(sent), String(sent - times.length), ...cells];
}

function asJson({ server, state, version, sent, times, error }: Times): object {
  const percentiles = PERCENTILES.map((percentile) => [`p${percentile}`, rounded(at(times, percentile))]);
  return {
    server,
    state,
    version: version || undefined,
    sent,
    lost: sent - times.length,
    milliseconds: { min: rounded(times[0]), ...Object.fromEntries(percentiles), max: rounded(times.at(-1)) },
    error: error === undefined ? undefined : describe(error),
  };
}

/** The time that so many percent of the responses did not take longer than. */
function at(times: readonly number[], percentile: number): number | undefined {
  return times[Math.max(0, Math.ceil((percentile / 100) * times.length) - 1)];
}

function rounded(time: number | undefined): number | null {
  return time === undefined ? null : Math.round(time * 1000) / 1000;
}
