import { table } from '../../scripts/table.ts';
import type { Result, RowResult } from './results.ts';

// What memts is meant to reach, as ratios inside one run, and how far a run got.

/** Other Node.js clients of memcached. */
const PEERS = ['memjs', 'memcached', 'memcache-client', 'memcache', 'memcache-plus'];

/** Over each protocol. */
const MEMTS_CLIENTS = ['memts', 'memts-meta', 'memts-classic'];

type Rows = ReadonlyMap<string, RowResult>;

interface Goal {
  readonly work: string;
  readonly against: string;
  /** At least this, or with `atMost` at most. */
  readonly goal: number;
  readonly atMost?: boolean;
  readonly rows: readonly string[];
  /** Which of memts's clients it is for. @default binary and meta */
  readonly clients?: readonly string[];
  /** By the name of one of memts's clients. */
  reached(row: RowResult, client: Result, rows: Rows): number | undefined;
}

const both = (what: string) => [`get-${what}`, `set-${what}`];
const toFloor = { against: 'raw socket', reached: (_: RowResult, { toFloor: ratio }: Result) => ratio };
const toMemjs = { against: 'MemJS', reached: (_: RowResult, { toMemjs: ratio }: Result) => ratio };

const toOwn = { against: 'raw socket, own values', reached: (_: RowResult, { toOwn: ratio }: Result) => ratio };
const toBefore = {
  against: 'the build before',
  clients: ['memts-classic'],
  reached: (_: RowResult, { toBefore: ratio }: Result) => ratio,
};
const get = (...what: string[]) => what.map((id) => `get-${id}`);
const BINARY_AND_META = MEMTS_CLIENTS.slice(0, 2);
const BINARY = MEMTS_CLIENTS.slice(0, 1);

/** The CPU of a key in a batch against that of the same keys by `Promise.all`. */
const toGets = (batch: number, variant = ''): Pick<Goal, 'against' | 'atMost' | 'clients' | 'rows' | 'reached'> => ({
  against: `Promise.all of ${batch} gets`,
  atMost: true,
  clients: MEMTS_CLIENTS,
  rows: [`getMulti${batch}-100B-4${variant}`],
  reached: (_, { client, cpu }, rows) => {
    const gets = rows.get(`gets${batch}-100B-4${variant}`)?.results ?? [];
    return over(cpu, named(gets, client)?.cpu);
  },
});

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
  { work: '100 B, 64 and 256 in flight', goal: 0.92, rows: get('100B-64', '100B-256'), ...toFloor },
  {
    work: 'CPU of a command, 100 B',
    goal: 1.2,
    atMost: true,
    rows: get('100B-64', '100B-256'),
    against: 'raw socket',
    clients: BINARY,
    reached: ({ results }, { cpu }) => over(cpu, named(results, 'floor')?.cpu),
  },
  { work: '4 KB, 64 in flight', goal: 3, rows: both('4KB-64'), ...toMemjs },
  { work: '4 KB, 64 in flight', goal: 0.7, rows: both('4KB-64'), ...toFloor },
  { work: '4 KB, 64 in flight', goal: 1.4, rows: get('4KB-64'), clients: BINARY, ...toOwn },
  { work: '8, 16, 32 KB, 64 in flight', goal: 1, rows: get('8KB-64', '16KB-64', '32KB-64'), ...toFloor },
  {
    work: '8, 16, 32 KB, 64 in flight',
    goal: 1.4,
    rows: get('8KB-64', '16KB-64', '32KB-64'),
    clients: BINARY,
    ...toOwn,
  },
  { work: '64 and 100 KB, 16 in flight', goal: 1, rows: get('64KB-16', '100KB-16'), ...toFloor },
  { work: '64 and 100 KB, 16 in flight', goal: 1.2, rows: get('64KB-16', '100KB-16'), clients: BINARY, ...toOwn },
  { work: '1 MB, 16 in flight', goal: 0.95, rows: get('1MB-16'), clients: BINARY, ...toOwn },
  { work: '100 KB and 1 MB, 16 in flight', goal: 0.85, rows: ['set-100KB-16', 'set-1MB-16'], ...toFloor },
  { work: 'classic, 64 in flight', goal: 1.3, rows: get('100B-64'), ...toBefore },
  { work: 'classic, 256 in flight', goal: 2.2, rows: get('100B-256'), ...toBefore },
  { work: 'CPU of a key', goal: 0.75, ...toGets(100) },
  { work: 'CPU of a key', goal: 1, ...toGets(10) },
  { work: 'CPU of a key, clients of every protocol', goal: 0.75, ...toGets(100, '-mixed') },
  { work: 'CPU of a key, clients of every protocol', goal: 1, ...toGets(10, '-mixed') },
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
  { work: 'TLS, 100 B', goal: 0.7, rows: get('100B-64-tls'), ...toFloor },
  { work: 'TLS, 4 KB', goal: 0.9, rows: get('4KB-64-tls'), ...toFloor },
  { work: 'TLS, 100 KB', goal: 1, rows: get('100KB-64-tls'), ...toFloor },
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

/** Latency under a given load, and with results that stay alive, which have no goal. */
const LATENCY_ROWS = ['open5000', 'open20000', 'open50000'].map((id) => `get-100B-1-${id}`);

/** What the batches are held against. */
const GETS_ROWS = ['', '-mixed'].flatMap((variant) => [10, 100].map((batch) => `gets${batch}-100B-4${variant}`));

/** The rows that the goals are about; only some of them need the other clients. */
export const GOAL_ROWS: ReadonlySet<string> = new Set([
  ...GOALS.flatMap(({ rows }) => rows),
  ...GETS_ROWS,
  ...LATENCY_ROWS,
]);

const CLASSIC_ROWS: ReadonlySet<string> = new Set([
  ...GOALS.flatMap(({ rows, clients }) => (clients?.includes('memts-classic') ? rows : [])),
  ...GETS_ROWS,
]);

/** Whether a client has a part in a row: the peers only where the goals compare with all of them. */
export function hasPart(row: string, client: string): boolean {
  if (/classic(-before)?$/.test(client)) return CLASSIC_ROWS.has(row);
  // No goal is about it.
  if (client === 'memts-meta-before') return false;
  if (['floor', 'floor-own', 'floor-meta', 'memjs', 'memts-ketama', 'memts-before', ...MEMTS_CLIENTS].includes(client))
    return true;
  return GOALS.some(({ rows, against }) => rows.includes(row) && (against === 'best other' || against === 'ioredis'));
}

/** A table of the goals and of what the run reached. */
export function goalTable(results: readonly RowResult[]): string {
  const rows: Rows = new Map(results.map((result) => [result.row.id, result]));
  const lines = GOALS.flatMap((goal) => goal.rows.map((id) => line(goal, id, rows)));
  return table(['work', 'against', 'goal', 'binary', 'meta', 'classic', 'reached'], lines, [...'llrrrrl']);
}

function line(goal: Goal, id: string, rows: Rows): string[] {
  const row = rows.get(id);
  const { clients = BINARY_AND_META } = goal;
  const isEnough = (figure: number) => (goal.atMost ? figure <= goal.goal : figure >= goal.goal);
  const figures = MEMTS_CLIENTS.map((client) => {
    const own = row && clients.includes(client) ? named(row.results, client) : undefined;
    return row && own && goal.reached(row, own, rows);
  });
  const known = figures.filter((figure) => figure !== undefined);
  const reached = known.length === 0 ? '–' : known.every(isEnough) ? 'yes' : 'no';
  const cells = figures.map((figure) => {
    if (figure === undefined) return '–';
    return isEnough(figure) ? figure.toFixed(2) : `*${figure.toFixed(2)}*`;
  });
  const wanted = `${goal.atMost ? '≤' : '≥'} ${goal.goal}`;
  return [`${id}: ${goal.work}`, goal.against, wanted, ...cells, reached];
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
