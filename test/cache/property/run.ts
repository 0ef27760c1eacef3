import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ClientOptions } from '../../../src/index.ts';
import { killAtExit, makeFolder, removeFolder } from '../../support/leftovers.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { hasMemcached } from '../../support/memcacheds.ts';
import { Random } from '../../support/random.ts';
import { sleep } from '../../support/wait.ts';
import { bundled } from '../bundle.ts';
import { Duplicator } from './duplicator.ts';
import { type Job, NAMESPACE, TAGS } from './job.ts';
import { type Records, violations } from './ledger.ts';

const SERVERS = 3;

/** Processes of each protocol, and one that sends everything again. */
const PROCESSES: readonly ClientOptions[] = [
  { protocol: 'meta' },
  { protocol: 'binary' },
  { protocol: 'classic' },
  { protocol: 'auto', retryNonIdempotent: true },
];

/** For how long the processes trust what they have in memory, in seconds; some have nothing there. */
const TRUST = [0, 0.05, undefined] as const;

/** How much an item may have, in bytes: some store everything in parts. */
const PART_SIZES = [undefined, 50] as const;

const CLIENT: ClientOptions = {
  timeout: 0.15,
  conntimeout: 0.3,
  retries: 2,
  retryDelay: 0.02,
  failover: true,
  failoverTime: 0.3,
  logger: false,
};

export interface Outcome {
  operations: number;
  failures: number;
  /** Values that were given by reads, by `getOrSet`, and by computations that the caller joined. */
  given: { read: number; getOrSet: number; joined: number };
  endings: number;
  duplicates: number;
  faults: Record<string, number>;
  seconds: number;
  /** A line for each value that was given though something had ended it. */
  violations: string[];
}

/** Has four processes use one cache on three servers that fail, and looks at every value that they got. */
export async function runProperty(operations: number, seed: number): Promise<Outcome> {
  const began = performance.now();
  const random = new Random(seed);
  // Servers that do not send again what has not changed, and the machine's own.
  const version = random.below(2) === 0 && hasMemcached('1.6.45') ? '1.6.45' : undefined;
  const folder = makeFolder();
  const bundle = await bundled(join(import.meta.dirname, 'worker.ts'), folder);
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, () => startMemcached({ version, args: ['-t', '2'] })),
  );
  const proxies = await Promise.all(servers.map(({ port }) => Duplicator.start(port, random)));
  const addresses = proxies.map(({ address }) => address);
  const stop = new AbortController();
  const faults: Record<string, number> = {};
  const trouble = makeTrouble(servers, proxies, random, faults, stop.signal);
  try {
    const jobs = PROCESSES.map((options, index): Job => {
      return {
        name: 'abcd'[index] as string,
        servers: addresses,
        client: { ...CLIENT, ...options },
        // So that each of them has its turn with each.
        trustFor: TRUST[(index + seed) % TRUST.length],
        partSize: PART_SIZES[random.below(PART_SIZES.length)],
        seed: random.next(),
        operations: operations / PROCESSES.length,
      };
    });
    const records = await Promise.all(jobs.map((job) => runWorker(bundle, job)));
    return {
      ...summary(records),
      duplicates: proxies.reduce((sum, { duplicates }) => sum + duplicates, 0),
      faults,
      seconds: (performance.now() - began) / 1000,
      violations: violations(records),
    };
  } finally {
    stop.abort();
    await trouble;
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await Promise.all(servers.map((server) => server.stop()));
    removeFolder(folder);
  }
}

function summary(records: readonly Records[]): Pick<Outcome, 'operations' | 'failures' | 'given' | 'endings'> {
  const given = { read: 0, getOrSet: 0, joined: 0 };
  const sums = { operations: 0, failures: 0, endings: 0 };
  for (const { given: values, endings, operations, failures } of records) {
    for (const { way } of values) given[way]++;
    sums.operations += operations;
    sums.failures += failures;
    sums.endings += endings.length;
  }
  return { ...sums, given };
}

async function runWorker(bundle: string, job: Job): Promise<Records> {
  const child = fork(bundle, { serialization: 'advanced', execArgv: [] });
  killAtExit(child);
  child.send(job);
  const records = once(child, 'message');
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a worker ended with ${code}`)));
  ended.catch(() => {});
  const [received] = await Promise.race([records, ended]);
  return received as Records;
}

/** Servers stop, die, forget everything or something, until the signal says so. */
async function makeTrouble(
  servers: readonly Memcached[],
  proxies: readonly Duplicator[],
  random: Random,
  counts: Record<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const versions = [`${NAMESPACE}%v`, ...Array.from({ length: TAGS }, (_, tag) => `${NAMESPACE}%t:${tag}`)];
  const kinds: [string, (server: Memcached) => Promise<unknown>][] = [
    ['paused', (server) => pause(server, 50 + random.below(500))],
    ['paused', (server) => pause(server, 5 + random.below(100))],
    ['killed', (server) => server.restart()],
    ['flushed', (server) => send(server, 'flush_all\r\n')],
    ['evicted', (server) => send(server, `delete ${versions[random.below(versions.length)]}\r\n`)],
    ['evicted', (server) => send(server, `delete ${versions[random.below(versions.length)]}\r\n`)],
  ];
  while (!signal.aborted) {
    await sleep(50 + random.below(350));
    if (random.below(4) === 0) {
      counts.cut = (counts.cut ?? 0) + 1;
      proxies[random.below(proxies.length)]?.cut();
    }
    const [name, make] = kinds[random.below(kinds.length)] as (typeof kinds)[number];
    counts[name] = (counts[name] ?? 0) + 1;
    await make(servers[random.below(servers.length)] as Memcached);
  }
}

async function pause(server: Memcached, milliseconds: number): Promise<void> {
  server.pause();
  await sleep(milliseconds);
  server.resume();
}

async function send(server: Memcached, line: string): Promise<void> {
  const socket = connect({ host: server.host, port: server.port });
  socket.on('error', () => {});
  socket.end(line);
  socket.resume();
  await once(socket, 'close').catch(() => {});
}
