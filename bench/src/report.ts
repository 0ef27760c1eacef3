import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { barChart } from '../../scripts/figures/bar-chart.ts';
import type { ClientSpec } from './clients/index.ts';
import { goalTable } from './goals.ts';
import { LEAD_IN } from './measure.ts';
import type { Profile } from './messages.ts';
import type { Options } from './options.ts';
import type { Result, RowResult } from './results.ts';
import { type Row, sizeText } from './row.ts';
import { writeSummary } from './summary.ts';
import { markdownTable, profileTable } from './table.ts';

export interface Circumstances {
  readonly date: string;
  readonly command: string;
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  readonly rounds: number;
  /** Seconds before each round that do not count; older records have none. */
  readonly leadIn?: number;
  readonly seconds: number;
  /** Versions of the servers and of the clients' packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

const TITLES: Readonly<Record<string, string>> = {
  benchmark: 'Benchmark',
  protocols: 'Protocols compared',
};

const HOW_TO_READ = `Every client has a process of its own. They take turns in one run, one at a time. All of them do the same
commands on the same keys and values, and their responses are checked.

- **Rates** are medians of the rounds, in keys a second.
- **Ratios** are taken round by round, and then their median.
- **The raw socket** is the baseline: the same bytes, encoded beforehand, over one bare socket, and responses counted by
  their length. No client on one socket can beat it by much. Clients that speak the meta or the classic protocol are
  compared with the raw socket of that protocol, clients of Redis with that of the binary one.
- **own values** is the raw socket that gives each caller a Buffer of its own with exactly its value.
- **CPU** is the time of the client's process for each key, all threads; **server** that of the servers' threads.
- **Open loop** means that commands begin at given times, whatever still waits. Latencies count from those times, so a stall is
  charged to all that waited for it.
- **Latencies** come from passes of their own.

A client without a call for many keys does getMulti with \`Promise.all\`. memts, MemJS and memcache-client store and return
Buffers here, the others strings: each has the form that costs it least.`;

const PROFILES = `These tables divide the time between two commands as a sampling profiler saw it in a
pass of its own: *waiting* for input; *writing* to the socket, which on loopback does much of the receiver's work, and
with TLS encrypts; the *runtime*, reading and decrypting included; *collecting* garbage; *Node.js*; the *client*, by the
folders of its sources where they are known; and the *benchmark* itself.`;

const GOALS = `## Goals

Ratios of rates inside this run, or of CPU time where it says so. *Italics* mark a goal that this run missed.`;

export async function circumstances(
  options: Options,
  clients: readonly ClientSpec[],
  servers: Readonly<Record<string, string | undefined>>,
): Promise<Circumstances> {
  const cpus = os.cpus();
  const versions: Record<string, string> = {};
  for (const [name, version] of Object.entries(servers)) if (version !== undefined) versions[name] = version;
  for (const { package: name } of clients) {
    if (name !== undefined) versions[`${name} (npm)`] ??= await packageVersion(name);
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    command: options.command,
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    system: `${os.type()} ${os.release().split('-')[0]} ${os.arch()}`,
    node: process.version,
    rounds: options.rounds,
    seconds: options.seconds,
    leadIn: LEAD_IN,
    versions,
  };
}

async function packageVersion(name: string): Promise<string> {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const root = join(import.meta.dirname, '../../../../package.json');
  const files = name === 'memts' ? [root] : folders.map((folder) => join(folder, name, 'package.json'));
  for (const file of files) {
    try {
      return JSON.parse(await readFile(file, 'utf8')).version;
    } catch {
      // It is in the next folder.
    }
  }
  return 'unknown';
}

/** The folder of the published run. All that the docs say of it comes from this one record. */
const PUBLISHED = join(import.meta.dirname, '../../../../docs/performance');
const SUMMARIES = ['README.md', 'docs/performance.md'].map((file) => join(PUBLISHED, '../..', file));

/** What a run leaves as JSON; its page and its figures are made from nothing else. */
export type BenchmarkRecord = Circumstances & { readonly rows: readonly RecordedRow[] };

type RecordedRow = Row & {
  readonly results: readonly Result[];
  readonly errors: readonly string[];
  readonly profiles?: Readonly<Record<string, Profile>>;
};

/** Writes NAME.md, NAME.json and the figures; gives back the path of the Markdown. */
export async function writeReport(options: Options, facts: Circumstances, rows: readonly RowResult[]): Promise<string> {
  const { name = 'benchmark', out } = options;
  await mkdir(out, { recursive: true });
  const record = { ...facts, rows: rows.map(recorded) };
  await writeFile(join(out, `${name}.json`), `${JSON.stringify(record, null, 2)}\n`);
  if (name === 'benchmark' && out === PUBLISHED) for (const file of SUMMARIES) await writeSummary(file, record);
  return renderReport(record, name, out);
}

/** Writes NAME.md and its figures from a record; gives back the path of the Markdown. */
export async function renderReport(record: BenchmarkRecord, name: string, out: string): Promise<string> {
  const rows = record.rows.map(resultOf);
  const goals = record.command.includes('--goals');
  const plots = plotsOf(rows);
  for (const { file, svg } of plots) await writeFile(join(out, `${name}-${file}.svg`), svg);
  const path = join(out, `${name}.md`);
  const images = plots.map(({ file, title }) => `![${title}](${name}-${file}.svg)`);
  const tables = rows.map(
    (result) => `## ${result.row.title}\n\n${markdownTable(goals ? { ...result, profiles: new Map() } : result)}`,
  );
  if (goals) await writeGoals(record, rows, out);
  const parts = [`# ${TITLES[name] ?? 'Performance'}`, head(record), HOW_TO_READ, ...images, ...tables];
  await writeFile(path, `${parts.join('\n\n')}\n`);
  return path;
}

/** The goals of the same run, on a page of their own, with the profiles of its rows. */
async function writeGoals(record: BenchmarkRecord, rows: readonly RowResult[], out: string): Promise<void> {
  const profiled = rows.filter(({ profiles }) => profiles.size > 0);
  const profiles = profiled.map(
    (result) => `## ${result.row.title}\n\n${profileTable(result.profiles).join('\n').trim()}`,
  );
  const parts = [
    '# Performance goals',
    head(record),
    GOALS,
    goalTable(rows),
    ...(profiles.length > 0 ? [PROFILES] : []),
    ...profiles,
  ];
  await writeFile(join(out, 'goals.md'), `${parts.join('\n\n')}\n`);
}

function recorded({ row, results, errors, profiles }: RowResult): RecordedRow {
  const profile = profiles.size === 0 ? {} : { profiles: Object.fromEntries(profiles) };
  return { ...row, results, errors, ...profile };
}

function resultOf({ results, errors, profiles = {}, ...row }: RecordedRow): RowResult {
  return { row, results, errors, profiles: new Map(Object.entries(profiles)) };
}

function head(facts: Circumstances): string {
  const leadIn = facts.leadIn === undefined ? '' : `, each after ${facts.leadIn} s that do not count`;
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- Command: \`${facts.command}\``,
    `- Date: ${facts.date}`,
    `- Machine: ${facts.cpu}, ${facts.cores} cores, ${facts.system}; servers and clients on it, over loopback`,
    `- Node.js ${facts.node}`,
    `- Versions: ${versions.join(', ')}`,
    `- Rounds of each client in each row: ${facts.rounds}, of ${facts.seconds} s${leadIn}`,
  ].join('\n');
}

interface Plot {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** A chart for each operation and size over what is in flight, and one for the batches of getMulti. */
function plotsOf(rows: readonly RowResult[]): Plot[] {
  const charts = new Map<string, { title: string; rows: RowResult[] }>();
  for (const result of rows) {
    const chart = chartOf(result.row);
    if (chart === undefined || result.results.length === 0) continue;
    const entry = charts.get(chart.file) ?? { title: chart.title, rows: [] };
    entry.rows.push(result);
    charts.set(chart.file, entry);
  }
  return [...charts].map(([file, { title, rows }]) => {
    const groups = rows.map(({ row, results }) => ({
      label: row.batch > 1 ? `${row.batch} keys in a call` : `${row.inFlight.toLocaleString('en-US')} in flight`,
      bars: results.map(({ client, rate }) => ({ client, value: rate })),
    }));
    return { file, title, svg: barChart({ title, unit: 'keys a second: longer is better', groups }) };
  });
}

function chartOf(row: Row): { file: string; title: string } | undefined {
  const size = sizeText(row.size).replace(/\D+$/, ' $&');
  if (row.operation === 'getMulti') return { file: 'getMulti', title: `getMulti of ${size} values` };
  if (row.operation === 'gets' || row.kept > 0 || row.openRate > 0 || row.mixed) return undefined;
  if (!row.hit || row.form === 'callback' || row.servers > 1 || row.connections > 0 || row.tls || row.json) {
    return undefined;
  }
  return { file: `${row.operation}-${sizeText(row.size)}`, title: `${row.operation} of ${size}` };
}
