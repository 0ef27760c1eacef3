import { readFileSync } from 'node:fs';
import { Client, type ClientOptions, Server, type ServerOptions } from '../../../src/index.ts';
import { certificates } from '../../support/certificates.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { Pauses } from '../../support/pauses.ts';
import { sleep } from '../../support/wait.ts';

/** How the client of a run is made. */
export interface Setting {
  protocol: 'auto' | 'binary' | 'meta' | 'classic';
  tls: boolean;
  connections: number;
  /** Whether the servers are made by hand, with `new Server`. */
  byHand: boolean;
}

/** What is done to one of three servers, under load. */
export interface Plan {
  /** Commands a second, each to one of the three in turn. */
  rate: number;
  /** For how long it is stopped, in seconds. */
  stopped: number;
  /** For how long it is stopped at least after the client has said that it is down, in seconds. */
  seenDown?: number;
  /** How long the load goes on after that, in seconds. */
  after: number;
  options?: ServerOptions & { retries?: number; failover?: boolean };
}

/**
 * One command: to which server, when it began, in milliseconds since the stop, and what it took, without the time in which
 * this process itself stood still.
 */
export interface Sample {
  server: number;
  at: number;
  took: number;
  code: string | undefined;
}

export interface Outcome {
  samples: Sample[];
  /** When the server was to go on, in milliseconds since the stop. */
  resumedAt: number;
  /** When the client first said that a server is down, in milliseconds since the stop, and without those in which this process stood still. */
  downAt: number | undefined;
  foundOutAfter: number | undefined;
  /** What the client says of its servers. */
  events: string[];
  log: string[];
}

/** Stops one of three servers (SIGSTOP) for a while under load, and notes what became of each command. */
export async function stopOne(setting: Setting, plan: Plan): Promise<Outcome> {
  const certificate = setting.tls ? await certificates() : undefined;
  const options = certificate === undefined ? {} : { tls: certificate.server };
  const servers = await Promise.all([1, 2, 3].map(() => startMemcached(options)));
  try {
    return await load(servers, setting, plan, certificate?.ca.cert);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** A stop does not wait longer than this for the client to say that the server is down, in milliseconds. */
const LONGEST = 8000;

async function load(servers: Memcached[], setting: Setting, plan: Plan, ca: string | undefined): Promise<Outcome> {
  const outcome: Outcome = {
    samples: [],
    resumedAt: 0,
    downAt: undefined,
    foundOutAfter: undefined,
    events: [],
    log: [],
  };
  const pauses = new Pauses();
  /** A clock that stops while this process stands still. */
  const awake = (): number => performance.now() - pauses.total();
  const client = make(servers, setting, plan, ca, outcome.log);
  let stoppedAt = performance.now();
  let stoppedAwake = awake();
  const now = (): number => performance.now() - stoppedAt;
  client.on('down', ({ port }, error) => {
    outcome.events.push(`down ${servers.findIndex((s) => s.port === port)} ${error.code}`);
    outcome.downAt ??= now();
    outcome.foundOutAfter ??= awake() - stoppedAwake;
  });
  client.on('up', ({ port }) => outcome.events.push(`up ${servers.findIndex((s) => s.port === port)}`));
  const keys = servers.map((_, index) => keysOf(client, index));
  await Promise.all(keys.flat().map((key) => client.set(key, 'value')));
  const open: Promise<void>[] = [];
  let sent = 0;
  const get = async (server: number): Promise<void> => {
    const at = now();
    const begun = awake();
    let code: string | undefined;
    await client.get((keys[server] as string[])[sent % 8] as string).catch((error: { code?: string }) => {
      code = error.code ?? String(error);
    });
    outcome.samples.push({ server, at, took: Math.max(0, awake() - begun), code });
  };
  const run = async (until: number): Promise<void> => {
    const from = performance.now();
    const before = sent;
    while (performance.now() < until) {
      const due = before + Math.floor(((performance.now() - from) * plan.rate) / 1000);
      while (sent < due) {
        open.push(get(sent % 3));
        sent++;
      }
      await sleep(1);
    }
  };
  await run(performance.now() + 300);
  servers[1]?.pause();
  stoppedAt = performance.now();
  stoppedAwake = awake();
  await run(stoppedAt + plan.stopped * 1000);
  const longer = (): boolean =>
    plan.seenDown !== undefined && now() < (outcome.downAt ?? LONGEST) + plan.seenDown * 1000;
  while (longer()) await run(performance.now() + 50);
  outcome.resumedAt = now();
  servers[1]?.resume();
  await run(performance.now() + plan.after * 1000);
  await Promise.all(open);
  pauses.stop();
  await client.quit();
  return outcome;
}

function make(servers: Memcached[], setting: Setting, plan: Plan, ca: string | undefined, log: string[]): Client {
  const { protocol, connections, byHand } = setting;
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca), servername: 'localhost' };
  const options = { ...plan.options, protocol, connections, tls };
  const logger = { log: (line: unknown) => void log.push(String(line)) };
  const clientOptions: ClientOptions = { ...options, logger };
  if (!byHand) return Client.create(servers.map(({ address }) => address).join(','), clientOptions);
  const made = servers.map(({ host, port }) => new Server(host, port, undefined, undefined, options));
  return new Client(made, clientOptions);
}

/** Keys of one server. */
function keysOf(client: Client, index: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < 8; i++) if (Number(client.getServer(`key-${i}`)) === index) keys.push(`key-${i}`);
  return keys;
}

/** What a part of the commands took, in milliseconds. */
export function quantile(samples: readonly Sample[], part: number): number {
  const sorted = samples.map(({ took }) => took).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** When the first command to the stopped server worked that began after it went on, in milliseconds since then. */
export function backAfter({ samples, resumedAt }: Outcome): number {
  const failed = samples.filter(({ server, at, code }) => server === 1 && at > resumedAt && code !== undefined);
  return Math.max(resumedAt, ...failed.map(({ at }) => at)) - resumedAt;
}
