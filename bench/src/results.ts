import type { ClientSpec } from './clients/index.ts';
import type { Latency, Profile, Round } from './messages.ts';
import type { Row } from './row.ts';

/** One client in one row. */
export interface Result {
  readonly client: string;
  /** Keys a second, CPU microseconds for each key: medians of the rounds. */
  readonly rate: number;
  readonly cpu: number;
  /** CPU microseconds of the server for each key, a median; left out where the system does not tell. */
  readonly serverCpu?: number | undefined;
  /** The lowest and the highest rate of a round. */
  readonly lowest: number;
  readonly highest: number;
  /** Medians of the rounds' ratios; left out where the other is not there. */
  readonly toFloor: number | undefined;
  readonly toMemjs: number | undefined;
  /** Against the raw socket that makes a Buffer of each value. */
  readonly toOwn?: number | undefined;
  /** Against the build that `--before` names. */
  readonly toBefore?: number | undefined;
  readonly latency: Latency;
  readonly rates: readonly number[];
}

export interface RowResult {
  readonly row: Row;
  readonly results: readonly Result[];
  /** Clients that could not do the row, by name. */
  readonly errors: readonly string[];
  /** Where the time of each client went, by its name; empty where that was not asked for. */
  readonly profiles: ReadonlyMap<string, Profile>;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function medianOf(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/** The rounds of every client that came through the row, in results. */
export function resultsOf(clients: readonly ClientSpec[], rounds: ReadonlyMap<string, readonly Round[]>): Result[] {
  const ratesOf = (name: string) => rounds.get(name)?.map(({ rate }) => rate);
  return clients.flatMap(({ name, floor }): Result[] => {
    const own = rounds.get(name);
    if (own === undefined) return [];
    const rates = own.map(({ rate }) => rate);
    return [
      {
        client: name,
        rate: median(rates),
        cpu: median(own.map(({ cpu }) => cpu)),
        lowest: Math.min(...rates),
        highest: Math.max(...rates),
        toFloor: ratio(rates, ratesOf(floor)),
        serverCpu: medianOf(own.map(({ serverCpu }) => serverCpu)),
        toMemjs: ratio(rates, ratesOf('memjs')),
        toOwn: ratio(rates, ratesOf('floor-own')),
        toBefore: ratio(rates, ratesOf(`${name}-before`)),
        latency: (own.at(-1) as Round).latency,
        rates: rates.map(Math.round),
      },
    ];
  });
}

/** Each round against the same round of the other, since the machine drifts between rounds. */
function ratio(rates: readonly number[], others: readonly number[] | undefined): number | undefined {
  if (others === undefined) return undefined;
  return median(rates.map((rate, round) => rate / (others[round] as number)));
}
