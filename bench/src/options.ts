import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CLIENTS, type ClientSpec, CORE_CLIENTS, clientNamed } from './clients/index.ts';
import { GOAL_ROWS, hasPart } from './goals.ts';
import { ALL_ROWS, CORE_ROWS, type Row, selectRows } from './row.ts';

export interface Options {
  /** What the report's files are called; nothing where none is to be written. */
  readonly name: string | undefined;
  readonly rows: readonly Row[];
  readonly clients: readonly ClientSpec[];
  /** Whether a client is measured in a row. */
  readonly takesPart: (row: string, client: string) => boolean;
  /** Whether the report begins with the goals. */
  readonly goals: boolean;
  readonly rounds: number;
  /** Of one round, without its latency pass. */
  readonly seconds: number;
  readonly count: number | undefined;
  /** Seconds of the latency pass that follows each round; 0 for none. */
  readonly latency: number;
  /** Seconds of the profile that follows the rounds of a row; 0 for none. */
  readonly profile: number;
  /** Seconds before the first round of a row; a client's first row takes `firstWarmUp`. */
  readonly warmUp: number;
  readonly firstWarmUp: number;
  /** The directory of the report. */
  readonly out: string;
  /** The command that repeats the run. */
  readonly command: string;
}

export const USAGE = `Usage: npm run bench -- [options]

  (none)            get and set of 100 B and 4 KB at 1, 64 and 256 in flight: memts, memjs and the raw socket
  --quick           the same with fewer and shorter rounds, in under two minutes
  --goals           what the goals are about, with a table of them: renews what README and docs say
  --full            all rows, all clients; takes more than an hour
  --rows A,B        only these rows out of all, * for anything: set-4KB-64, get-100B*, *-tls (see --list)
  --clients A,B     only these clients (see --list)
  --rounds N        rounds of each row for each client
  --seconds S       length of a round
  --count N         ends a round after so many commands, if its time is not over before
  --latency S       length of the latency pass after each round; 0 leaves it out
  --profile S       ends each row with S seconds under the profiler, and tells where each client's time goes
  --memts FILE      measures this build of memts in place of dist/index.mjs
  --before FILE     measures an older build beside it, as memts-before, memts-meta-before and memts-classic-before
  --name NAME       what the report's files are called; none is written without it but by --goals and --full
  --out DIR         where the report goes (docs/performance)
  --list            prints the rows and the clients`;

const MODES = {
  benchmark: { rounds: 7, seconds: 0.5, latency: 0.15, warmUp: 0.4, firstWarmUp: 1.5 },
  quick: { rounds: 3, seconds: 0.3, latency: 0.1, warmUp: 0.25, firstWarmUp: 1 },
  goals: { rounds: 9, seconds: 0.35, latency: 0.05, warmUp: 0.3, firstWarmUp: 1.5 },
  full: { rounds: 7, seconds: 0.4, latency: 0.1, warmUp: 0.3, firstWarmUp: 1.5 },
};

const FLAGS = {
  quick: { type: 'boolean' },
  goals: { type: 'boolean' },
  full: { type: 'boolean' },
  rows: { type: 'string' },
  clients: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  count: { type: 'string' },
  latency: { type: 'string' },
  profile: { type: 'string' },
  memts: { type: 'string' },
  before: { type: 'string' },
  name: { type: 'string' },
  out: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'];

/** The options of a run; `undefined` where there is nothing to run. */
export function parseOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({ args, options: FLAGS });
  if (values.help || values.list) {
    console.log(values.help ? USAGE : list());
    return undefined;
  }
  if (values.memts !== undefined) process.env.MEMTS_BUILD = pathToFileURL(fromCaller(values.memts)).href;
  if (values.before !== undefined) process.env.MEMTS_BEFORE = pathToFileURL(fromCaller(values.before)).href;
  const mode = (['quick', 'goals', 'full'] as const).find((name) => values[name]) ?? 'benchmark';
  const defaults = MODES[mode];
  const filtered = values.rows !== undefined || values.clients !== undefined;
  return {
    ...defaults,
    name: values.name ?? nameOf(mode, filtered),
    rows: rowsOf(values),
    clients: clientsOf(values),
    takesPart: mode === 'goals' && !filtered ? hasPart : () => true,
    goals: mode === 'goals',
    rounds: numberOf('rounds', values.rounds, 1) ?? defaults.rounds,
    seconds: numberOf('seconds', values.seconds, 0.01) ?? defaults.seconds,
    count: numberOf('count', values.count, 1),
    latency: numberOf('latency', values.latency, 0) ?? defaults.latency,
    profile: numberOf('profile', values.profile, 0) ?? 0,
    out:
      values.out === undefined ? resolve(import.meta.dirname, '../../../../docs/performance') : fromCaller(values.out),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

/** Only the run for the goals renews the published record; it has all the rows that the docs speak of. */
function nameOf(mode: keyof typeof MODES, filtered: boolean): string | undefined {
  if (filtered) return undefined;
  if (mode === 'goals') return 'benchmark';
  return mode === 'full' ? mode : undefined;
}

function rowsOf({ rows, full, goals }: Values): readonly Row[] {
  if (rows === undefined && goals)
    return ALL_ROWS.filter((row) => GOAL_ROWS.has(row.id) || CORE_ROWS.some(({ id }) => id === row.id));
  if (rows === undefined) return full ? ALL_ROWS : CORE_ROWS;
  const selected = selectRows(ALL_ROWS, rows);
  if (selected.length === 0) throw new Error(`No row matches "${rows}"; --list shows them all`);
  return selected;
}

function clientsOf({ clients, full, goals, before }: Values): ClientSpec[] {
  const all = CLIENTS.map(({ name }) => name).filter((name) => before !== undefined || !name.endsWith('-before'));
  const everybody = full || goals ? all : CORE_CLIENTS;
  const names = clients?.split(',').map((name) => name.trim()) ?? everybody;
  return [...new Set(names)].map(clientNamed);
}

/** A path as the caller means it: npm changes to the folder of the workspace. */
function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

function numberOf(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= least) return number;
  throw new Error(`--${option} takes a number of at least ${least}, and got "${text}"`);
}

function list(): string {
  const rows = ALL_ROWS.map(({ id, title }) => `  ${id.padEnd(30)}${title}`);
  const clients = CLIENTS.map((client) => `  ${client.name}`);
  return ['Rows:', ...rows, 'Clients:', ...clients].join('\n');
}
