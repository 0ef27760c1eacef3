import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import type { ClientSpec } from './clients/index.ts';
import { goalTable } from './goals.ts';
import type { Options } from './options.ts';
import { barChart } from './plot.ts';
import type { RowResult } from './results.ts';
import { type Row, sizeText } from './row.ts';
import { markdownTable } from './table.ts';

export interface Circumstances {
  readonly date: string;
  readonly command: string;
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Versions of the servers and of the clients' packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

const HOW_TO_READ = `Every client has a process of its own; they take turns in one run, one at a time, and
all of them do the same commands on the same keys and values, whose answers are checked. A round begins with a
tenth of a second that does not count. Rates are medians of the rounds, in keys a second. Ratios are taken round by round, and then their median. *Floor* is the same bytes, encoded
beforehand, over one bare socket, replies counted by their length: what no client on one socket can beat by much.
Clients that speak the meta or the classic protocol are held against the floor of that protocol, those of Redis
against the binary one. CPU is the time of the client's process, all threads, for each key. Latencies come from passes
of their own. A client without a call for many keys does getMulti with \`Promise.all\`. memts, MemJS and
memcache-client store and return Buffers here, the others strings: to each the form that costs it least.`;

const PROFILES = `Where there is a second table, it divides the time between two commands as a sampling profiler saw it in a
pass of its own: *waiting* for input; *writing* to the socket, which on loopback does much of the receiver's work, and
with TLS encrypts; the *runtime*, reading and decrypting included; *collecting* garbage; *Node.js*; the *client*, by the
folders of its sources where they are known; and what the *benchmark* itself does.`;

const GOALS = `## Goals

Ratios of rates, or of CPU time where it says so, inside this run. What is not reached stands in *italics*.`;

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
    versions,
  };
}

async function packageVersion(name: string): Promise<string> {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const root = join(import.meta.dirname, '../../package.json');
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

/** Writes NAME.md, NAME.json and the plots; gives back the path of the Markdown. */
export async function writeReport(options: Options, facts: Circumstances, rows: readonly RowResult[]): Promise<string> {
  const { name = 'benchmark', out } = options;
  await mkdir(out, { recursive: true });
  const plots = plotsOf(rows);
  for (const { file, svg } of plots) await writeFile(join(out, `${name}-${file}.svg`), svg);
  const json = { ...facts, rows: rows.map(jsonOf) };
  await writeFile(join(out, `${name}.json`), `${JSON.stringify(json, null, 2)}\n`);
  const path = join(out, `${name}.md`);
  const images = plots.map(({ file, title }) => `![${title}](${name}-${file}.svg)`);
  const tables = rows.map((result) => `## ${result.row.title}\n\n${markdownTable(result)}`);
  const goals = options.goals ? [GOALS, goalTable(rows)] : [];
  const howToRead = options.profile > 0 ? [HOW_TO_READ, PROFILES] : [HOW_TO_READ];
  const parts = ['# Performance', head(facts), ...goals, ...howToRead, ...images, ...tables];
  await writeFile(path, `${parts.join('\n\n')}\n`);
  return path;
}

function jsonOf({ row, results, errors, profiles }: RowResult): object {
  const profile = profiles.size === 0 ? {} : { profiles: Object.fromEntries(profiles) };
  return { ...row, results, errors, ...profile };
}

function head(facts: Circumstances): string {
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- Command: \`${facts.command}\``,
    `- Date: ${facts.date}`,
    `- Machine: ${facts.cpu}, ${facts.cores} cores, ${facts.system}; servers and clients on it, over loopback`,
    `- Node.js ${facts.node}`,
    `- Versions: ${versions.join(', ')}`,
    `- Rounds of each client in each row: ${facts.rounds}, of ${facts.seconds} s`,
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
    const clients = [...new Set(rows.flatMap(({ results }) => results.map(({ client }) => client)))];
    const groups = rows.map(({ row, results }) => ({
      label: row.batch > 1 ? `${row.batch} keys` : `${row.inFlight}`,
      values: clients.map((client) => results.find((result) => result.client === client)?.rate),
    }));
    const unit = 'keys a second, by what is in flight; longer is better';
    return { file, title, svg: barChart({ title, unit, clients, groups }) };
  });
}

function chartOf(row: Row): { file: string; title: string } | undefined {
  if (row.operation === 'getMulti') return { file: 'getMulti', title: `getMulti of ${sizeText(row.size)} values` };
  if (!row.hit || row.form === 'callback' || row.servers > 1 || row.connections > 0 || row.tls || row.json) {
    return undefined;
  }
  return { file: `${row.operation}-${sizeText(row.size)}`, title: `${row.operation} of ${sizeText(row.size)}` };
}
