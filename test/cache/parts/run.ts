import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Cache } from '../../../src/cache/index.ts';
import { Client, type ClientOptions } from '../../../src/index.ts';
import { killAtExit, makeFolder, removeFolder } from '../../support/leftovers.ts';
import { startMemcached } from '../../support/memcached.ts';
import { Random } from '../../support/random.ts';
import { sleep } from '../../support/wait.ts';
import { bundled } from '../bundle.ts';
import { isMarked, type WriterJob } from './job.ts';

const WRITERS = 2;
const READERS = 2;
const KEY = 'large';

export interface WritersOptions {
  bytes: number;
  /** How many reads are to find something, and how many writers are to be killed, at least. */
  hits: number;
  kills: number;
  /** A server is started again so often, in milliseconds; never where it is left out. */
  restartEvery?: number;
  /** Of each server, in MB. */
  memory: number;
  seed: number;
}

export interface WritersOutcome {
  hits: number;
  misses: number;
  /** Reads that gave anything but one value, whole. */
  mixed: number;
  stored: number;
  failed: number;
  kills: number;
  restarts: number;
}

const CLIENT: ClientOptions = { timeout: 2, conntimeout: 2, retries: 1, logger: false };

/** Two processes store large values under one key, and are killed anywhere, while this one reads them. */
export async function runWriters(options: WritersOptions): Promise<WritersOutcome> {
  const { bytes, memory, seed } = options;
  const random = new Random(seed);
  const folder = makeFolder();
  const program = await bundled(join(import.meta.dirname, 'worker.ts'), folder);
  const args = ['-m', String(memory), '-t', '2'];
  const servers = await Promise.all([startMemcached({ args }), startMemcached({ args })]);
  const addresses = servers.map(({ address }) => address);
  const cacheOptions = { namespace: 'writers', expires: 60, lockFor: 1 };
  const outcome: WritersOutcome = { hits: 0, misses: 0, mixed: 0, stored: 0, failed: 0, kills: 0, restarts: 0 };
  const client = Client.create(addresses, CLIENT);
  const cache = new Cache(client, cacheOptions);
  const isOver = (): boolean => outcome.hits >= options.hits && outcome.kills >= options.kills;

  const write = async (writer: number): Promise<void> => {
    for (let life = 0; !isOver(); life++) {
      const job = { servers: addresses, client: CLIENT, cache: cacheOptions, key: KEY, bytes };
      const child = startWriter(program, { ...job, writer: writer + WRITERS * life });
      child.on('message', (message) => outcome[message as 'stored' | 'failed']++);
      const ended = once(child, 'exit');
      // From when it has begun to write, since to start takes longer than all the rest.
      await Promise.race([once(child, 'message'), ended]);
      await sleep(random.below(options.bytes / 50_000));
      child.kill('SIGKILL');
      await ended;
      outcome.kills++;
    }
  };
  const read = async (): Promise<void> => {
    while (!isOver()) {
      const value = await cache.get(KEY);
      if (value === undefined) {
        outcome.misses++;
        await sleep(2);
      } else if (isMarked(value, bytes)) outcome.hits++;
      else outcome.mixed++;
    }
  };
  const restart = async (every: number): Promise<void> => {
    while (!isOver()) {
      await sleep(every);
      outcome.restarts++;
      await servers[random.below(servers.length)]?.restart();
    }
  };
  try {
    const jobs = [
      ...Array.from({ length: WRITERS }, (_, writer) => write(writer)),
      ...Array.from({ length: READERS }, read),
    ];
    if (options.restartEvery !== undefined) jobs.push(restart(options.restartEvery));
    await Promise.all(jobs);
    return outcome;
  } finally {
    client.close();
    await Promise.all(servers.map((server) => server.stop()));
    removeFolder(folder);
  }
}

function startWriter(program: string, job: WriterJob): ChildProcess {
  const child = fork(program, { execArgv: [] });
  killAtExit(child);
  child.send(job);
  return child;
}
