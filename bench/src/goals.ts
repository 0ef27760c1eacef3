import { table } from '../../scripts/table.ts';
import type { Result, RowResult } from './results.ts';

// What memts is meant to reach, as ratios inside one run, and how far a run got.

/** Other Node.js clients of memcached. */
const PEERS = ['memjs', 'memcached', 'memcache-client', 'memcache', 'memcache-plus'];

/** The two protocols that the goals are for. */
const OURS = ['memts', 'memts-meta'];

type Rows = ReadonlyMap<string, RowResult>;

interface Goal {
  readonly work: string;
  readonly against: string;
  /** At least this, or with `atMost` at most. */
  readonly goal: number;
  readonly atMost?: boolean;
  readonly rows: readonly string[];
  /** By the name of one of ours. */
  reached(row: RowResult, client: Result, rows: Rows): number | undefined;
}

const both = (what: string) => [`get-${what}`, `set-${what}`];
const toFloor = { against: 'raw socket', reached: (_: RowResult, { toFloor: ratio }: Result) => ratio };
const toMemjs = { against: 'MemJS', reached: (_: RowResult, { toMemjs: ratio }: Result) => ratio };

const GOALS: readonly Goal[] = [
  { work: '100 B, 64 in flight', goal: 6, rows: both('100B-64'), ...toMemjs },
  { work: '100 B, 64 in flight', goal: 5, rows: both('100B-64'), against: 'best other', reached: toBest(PEERS) },
  { work: '100 B, 64 in flight', goal: 0.75, rows: both('100B-64'), ...toFloor },
  {
    work: '100 B, 64 in flight',
    goal: 3,
    rows: both('100B-64'),
    against: 'ioredis',
    reached: toBest(['ioredis-auto']),
  },
  { work: '100 B, 256 in flight', goal: 8, rows: both('100B-256'), ...toMemjs },
  { work: '100 B, 256 in flight', goal: 0.75, rows: both('100B-256'), ...toFloor },
  { work: '100 B, 1 in flight', goal: 0.95, rows: both('100B-1'), ...toFloor },
  { work: '4 KB, 64 in flight', goal: 3, rows: both('4KB-64'), ...toMemjs },
  { work: '4 KB, 64 in flight', goal: 0.7, rows: both('4KB-64'), ...toFloor },
  { work: '100 KB, 16 in flight', goal: 0.85, rows: both('100KB-16'), ...toFloor },
  { work: '1 MB, 16 in flight', goal: 0.85, rows: both('1MB-16'), ...toFloor },
  { work: 'keys a second', goal: 2, rows: ['getMulti100-100B-4'], against: 'best other', reached: toBest(PEERS) },
  {
    work: 'CPU of a command, 100 B, 64 in flight',
    goal: 0.2,
    atMost: true,
    rows: ['get-100B-64'],
    against: 'MemJS',
    reached: ({ results }, { cpu }) => over(cpu, named(results, 'memjs')?.cpu),
  },
  {
    work: '10 servers, ketama',
    goal: 0.85,
    rows: ['get-100B-64-servers10'],
    against: 'one server',
    reached: ({ results }, { client }, rows) =>
      client === 'memts' ? over(named(results, 'memts-ketama')?.rate, one(rows, client)?.rate) : undefined,
  },
  { work: 'TLS, 100 B, 64 in flight', goal: 0.85, rows: both('100B-64-tls'), ...toFloor },
  {
    work: 'CPU of a command, 100 servers',
    goal: 1.2,
    atMost: true,
    rows: ['get-100B-64-servers100'],
    against: 'one server',
    reached: (_, { client, cpu }, rows) => over(cpu, one(rows, client)?.cpu),
  },
  {
    work: 'CPU of a command, 4,096 in flight',
    goal: 1.2,
    atMost: true,
    rows: ['get-100B-4096'],
    against: '64 in flight',
    reached: (_, { client, cpu }, rows) => over(cpu, one(rows, client)?.cpu),
  },
];

/** The rows that the goals are about; only some of them need the other clients. */
export const GOAL_ROWS: ReadonlySet<string> = new Set(GOALS.flatMap(({ rows }) => rows));

/** Whether a client has a part in a row: the peers only where the goals compare with all of them. */
export function hasPart(row: string, client: string): boolean {
  if (client.endsWith('classic')) return false;
  if (['floor', 'floor-meta', 'memjs', 'memts-ketama', ...OURS].includes(client)) return true;
  return GOALS.some(({ rows, against }) => rows.includes(row) && (against === 'best other' || against === 'ioredis'));
}

/** A table of the goals and of what the run reached. */
export function goalTable(results: readonly RowResult[]): string {
  const rows: Rows = new Map(results.map((result) => [result.row.id, result]));
  const lines = GOALS.flatMap((goal) => goal.rows.map((id) => line(goal, id, rows)));
  return table(['work', 'against', 'goal', 'binary', 'meta'], lines, ['l', 'l', 'r', 'r', 'r']);
}

function line(goal: Goal, id: string, rows: Rows): string[] {
  const row = rows.get(id);
  const reached = OURS.map((client) => {
    const own = row && named(row.results, client);
    const figure = own && goal.reached(row, own, rows);
    if (figure === undefined) return '–';
    const enough = goal.atMost ? figure <= goal.goal : figure >= goal.goal;
    return enough ? figure.toFixed(2) : `*${figure.toFixed(2)}*`;
  });
  const operation = id.split('-', 1)[0];
  const wanted = `${goal.atMost ? '≤' : '≥'} ${goal.goal}`;
  return [`${operation}: ${goal.work}`, goal.against, wanted, ...reached];
}

function toBest(names: readonly string[]): Goal['reached'] {
  return ({ results }, { rate }) => {
    const rates = results.filter(({ client }) => names.includes(client)).map((result) => result.rate);
    return rates.length === 0 ? undefined : rate / Math.max(...rates);
  };
}

function one(rows: Rows, client: string): Result | undefined {
  return named(rows.get('get-100B-64')?.results ?? [], client);
}

function named(results: readonly Result[], name: string): Result | undefined {
  return results.find(({ client }) => client === name);
}

function over(figure: number | undefined, other: number | undefined): number | undefined {
  return figure === undefined || other === undefined ? undefined : figure / other;
}
