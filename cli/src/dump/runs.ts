import type { Target } from '../connection.ts';

/** Which run of a server it is: what it holds is gone with the run. */
export interface Run {
  pid: number;
  /** When it began, as a Unix time by its own clock. */
  since: number;
}

/** Seconds that the beginning may seem to move, since a server's clock ticks once a second. */
const SAME_START = 3;

/** The runs of servers; `null` of one that tells none, as a proxy. */
export function runsOf(targets: readonly Target[]): Promise<(Run | null)[]> {
  return Promise.all(targets.map(runOf));
}

async function runOf({ client }: Target): Promise<Run | null> {
  const [statistics = {}] = Object.values(await client.stats().catch(() => ({})));
  const { pid, time, uptime } = statistics as Record<string, string>;
  const run = { pid: Number(pid), since: Number(time) - Number(uptime) };
  return Number.isFinite(run.pid) && Number.isFinite(run.since) ? run : null;
}

/** The names of the servers that were started again between two looks. */
export function restarted(
  targets: readonly Target[],
  before: readonly (Run | null)[],
  now: readonly (Run | null)[],
): string[] {
  return targets.filter((_, index) => isAnother(before[index], now[index])).map(({ name }) => name);
}

function isAnother(before: Run | null | undefined, now: Run | null | undefined): boolean {
  if (!before || !now) return false;
  return before.pid !== now.pid || Math.abs(before.since - now.since) > SAME_START;
}
