/** `npm run soak`: one client of each protocol at full rate for a long time, with a fault every few seconds. */
import { parseArgs } from 'node:util';
import { Random, seedFor } from '../support/random.ts';
import { sleep } from '../support/wait.ts';
import type { Job, JobResult, Sample } from './job.ts';
import { PROTOCOLS } from './matrix.ts';
import { anyTrouble } from './scenarios/mix.ts';
import type { Play } from './scenarios/scenario.ts';
import { type SoakRecord, soakReport, soakSummary, soakTally } from './soak-report.ts';
import { FLEET, Stage } from './stage.ts';
import { boundOf, type Settings } from './subjects/subject.ts';
import { isClean } from './watch.ts';
import { WorkerProcess } from './worker-process.ts';

const HELP = `npm run soak -- [options]

  --minutes N       how long. Default: 30
  --seed N          of the commands and the faults; a random one if left out
  --lanes N         commands in flight, for each of the three clients. Default: 384
  --write FOLDER    write the record there: soak.md, soak.csv and soak.svg
`;

const TIMES = { timeout: 0.25, conntimeout: 0.5, retries: 2, retryDelay: 0.05, failoverTime: 1 };
const MAX_FAULT = 1000;
/** Memory at the end may be so much more than after the first minute, in bytes. */
const GROWTH = 6 * 1024 * 1024;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string' },
      lanes: { type: 'string', default: '384' },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const record = await soak(seed, Number(values.minutes), Number(values.lanes));
  console.log(soakSummary(record));
  if (values.write !== undefined) soakReport(record, values.write);
  if (!isClean(soakTally(record))) process.exitCode = 1;
}

async function soak(seed: number, minutes: number, lanes: number): Promise<SoakRecord> {
  console.log(`seed ${seed}: ${minutes} minutes`);
  await using stage = await Stage.start('memcached');
  await stage.calm(FLEET);
  const worker = await WorkerProcess.start();
  const samples: Sample[] = [];
  const faults: SoakRecord['faults'] = [];
  const jobs = PROTOCOLS.map((protocol) => jobFor(protocol, seed, lanes, stage));
  await worker.begin(jobs, (sample) => {
    samples.push(sample);
    if (samples.length % 10 === 0) print(samples, faults.length);
  });
  const end = performance.now() + minutes * 60_000;
  const play = playOn(stage, seed, () => performance.now() >= end || !worker.running);
  while (!play.over()) {
    const second = samples.at(-1)?.seconds ?? 0;
    faults.push({ second, name: await anyTrouble(play, MAX_FAULT) });
    await sleep(play.random.between(1000, 4000));
  }
  await stage.calm(FLEET);
  const bound = boundOf((jobs[0] as Job).settings);
  const results = await worker.finish(Date.now(), 8 * bound + 30_000);
  checkMemory(samples, results);
  await worker.stop();
  return { seed, minutes, lanes, samples, faults, results };
}

function jobFor(protocol: Settings['protocol'], seed: number, lanes: number, stage: Stage): Job {
  const servers = stage.proxies.map(({ address }) => address);
  const settings: Settings = { servers, protocol, failover: true, connections: 1, ...TIMES };
  const run = `${seed.toString(36)}-${protocol}`;
  return { run, seed: seedFor(seed, protocol), subject: 'memts', settings, lanes, audit: { ports: stage.ports } };
}

function playOn(stage: Stage, seed: number, over: () => boolean): Play {
  const { proxies, memcached, memory } = stage;
  return { stage, proxies, memcached, memory, random: new Random(seed), protocol: 'meta', closeClient() {}, over };
}

/** After the first minute everything is compiled and every table has its size. */
function checkMemory(samples: readonly Sample[], results: readonly JobResult[]): void {
  const first = samples.find(({ live }) => live !== undefined)?.live;
  const [result] = results;
  if (first === undefined || result === undefined || result.memory <= first + GROWTH) return;
  result.tally.leaks++;
  result.findings.push(`leaks: ${result.memory} bytes are left, ${first} were in use after the first minute`);
}

function print(samples: readonly Sample[], faults: number): void {
  const last = samples.at(-1) as Sample;
  const before = samples.at(-11);
  const rate = (last.commands - (before?.commands ?? 0)) / (last.seconds - (before?.seconds ?? 0));
  const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  console.log(
    `${last.seconds} s: ${last.commands.toLocaleString('en-US')} commands, ${Math.round(rate).toLocaleString('en-US')}/s, ` +
      `${last.errors.toLocaleString('en-US')} errors, ${faults} faults, rss ${megabytes(last.rss)}, ` +
      `heap ${megabytes(last.heapUsed)}, ${last.sockets} sockets, ${last.timers} timers, cpu ${last.cpu.toFixed(1)} s`,
  );
}
