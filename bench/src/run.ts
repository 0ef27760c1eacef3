import { type Certificates, certificates } from '../../test/support/certificates.ts';
import { CLIENTS, type ClientSpec } from './clients/index.ts';
import type { Profile, Round } from './messages.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { circumstances, writeReport } from './report.ts';
import { type RowResult, resultsOf } from './results.ts';
import type { Row } from './row.ts';
import { acceptedConnections, type Servers, startMemcached, startRedis, versionOf } from './servers.ts';
import { textTable } from './table.ts';
import { WorkerProcess } from './worker-process.ts';

/** A client that could open none of so many rows is left out of the rest. */
const CHANCES = 2;

interface Participant {
  readonly spec: ClientSpec;
  readonly worker: WorkerProcess;
  opened: number;
  failures: number;
}

class Run {
  readonly #options: Options;
  readonly #participants: Participant[];
  #certificates: Certificates | undefined;

  constructor(options: Options, clients: readonly ClientSpec[]) {
    this.#options = options;
    this.#participants = clients.map((spec) => ({
      spec,
      worker: new WorkerProcess(spec.name),
      opened: 0,
      failures: 0,
    }));
  }

  async rows(): Promise<RowResult[]> {
    const results: RowResult[] = [];
    try {
      for (const row of this.#options.rows) {
        const result = await this.#row(row);
        if (result === undefined) continue;
        results.push(result);
        console.log(textTable(result));
      }
    } finally {
      for (const { worker } of this.#participants) worker.stop();
    }
    return results;
  }

  async #row(row: Row): Promise<RowResult | undefined> {
    const participants = this.#participants.filter(
      ({ spec }) => spec.can(row) && this.#options.takesPart(row.id, spec.name),
    );
    if (participants.length === 0) return undefined;
    const errors: string[] = [];
    const servers = new Map<string, Servers>();
    const rounds = new Map<string, Round[]>();
    const profiles = new Map<string, Profile>();
    try {
      if (row.tls) this.#certificates ??= await certificates();
      for (const kind of new Set(participants.map(({ spec }) => spec.server))) {
        const start = kind === 'redis' ? startRedis() : startMemcached(row, row.tls ? this.#certificates : undefined);
        servers.set(kind, await start);
      }
      const open: Participant[] = [];
      for (const participant of participants) {
        if (participant.opened === 0 && participant.failures === CHANCES) continue;
        const error = await this.#open(participant, row, servers.get(participant.spec.server) as Servers);
        if (error === undefined) {
          participant.opened++;
          open.push(participant);
        } else {
          participant.failures++;
          errors.push(error);
        }
      }
      errors.push(...(await this.#rounds(open, rounds, servers)));
      for (const participant of open) errors.push(...(await this.#close(participant, profiles)));
    } catch (error) {
      errors.push(`The row could not run: ${(error as Error).message}`);
    } finally {
      await Promise.all([...servers.values()].map((server) => server.stop()));
    }
    return { row, results: resultsOf(CLIENTS, rounds), errors, profiles };
  }

  async #open({ spec, worker }: Participant, row: Row, { target }: Servers): Promise<string | undefined> {
    const warmUp = worker.cold ? this.#options.firstWarmUp : this.#options.warmUp;
    const [address] = target.servers;
    const counted = row.connections > 0 ? address : undefined;
    try {
      const before = counted ? await acceptedConnections(counted) : 0;
      await worker.tell({ type: 'open', row, target, warmUp });
      // The one that asks is among them.
      const opened = counted ? (await acceptedConnections(counted)) - before - 1 : 0;
      if (opened >= row.connections) return undefined;
      throw new Error(`It opened ${opened} connections where the row has ${row.connections}`);
    } catch (error) {
      worker.stop();
      return said(spec, error);
    }
  }

  /** One client at a time; every round starts with another one. A client with an error is out of the row. */
  async #rounds(
    open: readonly Participant[],
    rounds: Map<string, Round[]>,
    servers: ReadonlyMap<string, Servers>,
  ): Promise<string[]> {
    const errors: string[] = [];
    const { seconds, count, latency } = this.#options;
    let left = [...open];
    for (const { spec } of open) rounds.set(spec.name, []);
    for (let round = 0; round < this.#options.rounds; round++) {
      const first = round % Math.max(1, left.length);
      for (const participant of [...left.slice(first), ...left.slice(0, first)]) {
        const { spec, worker } = participant;
        try {
          const server = servers.get(spec.server) as Servers;
          const before = await server.cpu();
          const round = (await worker.tell({ type: 'round', seconds, count, latency })).round as Round;
          const serverCpu = over(before, await server.cpu(), round.keys);
          rounds.get(spec.name)?.push({ ...round, serverCpu });
        } catch (error) {
          errors.push(said(spec, error));
          rounds.delete(spec.name);
          worker.stop();
          left = left.filter((other) => other !== participant);
        }
      }
    }
    return errors;
  }

  /** Ends a client's part in a row, with the profile if there is to be one. */
  async #close({ spec, worker }: Participant, profiles: Map<string, Profile>): Promise<string[]> {
    const { profile: seconds } = this.#options;
    try {
      if (seconds > 0 && !worker.cold) {
        const { profile } = await worker.tell({ type: 'profile', seconds });
        if (profile !== undefined) profiles.set(spec.name, profile);
      }
      if (!worker.cold) await worker.tell({ type: 'close' });
      return [];
    } catch (error) {
      return [said(spec, error)];
    }
  }
}

function over(before: number | undefined, after: number | undefined, keys: number): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / keys;
}

function said(spec: ClientSpec, error: unknown): string {
  return `${spec.name}: ${(error as Error).message}`;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return;
  const servers = { memcached: await versionOf('memcached'), redis: await versionOf('redis-server') };
  const programs = { memcached: 'memcached', redis: 'redis-server' };
  const clients = options.clients.filter(({ name, server }) => {
    if (servers[server] === undefined) console.log(`${name} is left out: ${programs[server]} is not installed`);
    return servers[server] !== undefined;
  });
  if (clients.length === 0) throw new Error('No client is left to measure: install memcached');
  const facts = await circumstances(options, clients, servers);
  console.log(`${facts.cpu}, ${facts.cores} cores, Node.js ${facts.node}`);
  console.log(`${options.rows.length} rows, ${clients.length} clients, ${options.rounds} rounds\n`);
  const rows = await new Run(options, clients).rows();
  if (options.name !== undefined) console.log(`Written: ${await writeReport(options, facts, rows)}`);
  const failed = rows.filter(({ errors }) => errors.length > 0);
  if (failed.length > 0) console.log(`With errors: ${failed.map(({ row }) => row.id).join(', ')}`);
  if (rows.every(({ results }) => results.length === 0)) process.exitCode = 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
main().catch((error: Error) => {
  console.error(error.message);
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) console.error(USAGE);
  process.exitCode = 1;
});
