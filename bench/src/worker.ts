import { resolve, sep } from 'node:path';
import { build, type Histogram } from 'hdr-histogram-js';
import type { Adapter, Setup } from './clients/adapter.ts';
import { CLIENTS, clientNamed } from './clients/index.ts';
import { LEAD_IN, measure, measureOpen, type Work } from './measure.ts';
import type { Answer, Latency, Message, Profile, Round } from './messages.ts';
import { profiled } from './profile.ts';
import { fill, workOf } from './session.ts';
import { setupOf } from './values.ts';

// One client in a process of its own: it opens the rows that it is sent, and runs one round for each message.

interface Session {
  readonly adapter: Adapter;
  readonly setup: Setup;
  readonly work: Work;
  readonly histogram: Histogram;
}

const spec = clientNamed(process.argv[2] ?? '');
let session: Session | undefined;

async function open({ row, target, warmUp }: Extract<Message, { type: 'open' }>): Promise<void> {
  const adapter = await spec.load();
  const setup = setupOf(row, target, CLIENTS.indexOf(spec), adapter.takes);
  await adapter.connect(setup);
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
  });
  session = { adapter, setup, work: workOf(adapter, setup), histogram };
  await fill(adapter, setup);
  await measure(session.work, { seconds: warmUp, inFlight: row.inFlight, form: row.form });
}

async function round({ seconds, count, latency }: Extract<Message, { type: 'round' }>): Promise<Round> {
  if (session === undefined) throw new Error('No row is open');
  const { work, setup, histogram } = session;
  const { inFlight, form, batch, openRate } = setup.row;
  const leadIn = await measure(work, { seconds: LEAD_IN, inFlight, form });
  if (openRate > 0) {
    const open = await measureOpen(work, openRate, seconds, histogram);
    const keys = leadIn.completed + open.completed;
    return { rate: open.completed / open.seconds, cpu: open.cpu, keys, latency: percentiles(histogram) };
  }
  const pass = await measure(work, { seconds, count, inFlight, form });
  if (pass.completed === 0) throw new Error('No command completed');
  const timed = latency > 0 ? await measure(work, { seconds: latency, inFlight, form, histogram }) : undefined;
  const keys = pass.completed * batch;
  const all = (leadIn.completed + (timed?.completed ?? 0)) * batch + keys;
  return { rate: keys / pass.seconds, cpu: pass.cpu / keys, keys: all, latency: percentiles(histogram) };
}

async function profile({ seconds }: Extract<Message, { type: 'profile' }>): Promise<Profile> {
  if (session === undefined) throw new Error('No row is open');
  const { work, setup } = session;
  const { inFlight, form, batch } = setup.row;
  let keys = 0;
  const times = await profiled(async () => {
    const { completed } = await measure(work, { seconds, inFlight, form });
    keys = completed * batch;
  });
  return { ...times, keys };
}

function percentiles(histogram: Histogram): Latency {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return { p50: at(50), p99: at(99), p999: at(99.9) };
}

async function close(): Promise<void> {
  await session?.adapter.close();
  session = undefined;
}

async function handle(message: Message): Promise<Answer> {
  if (message.type === 'round') return { type: 'done', round: await round(message) };
  if (message.type === 'profile') return { type: 'done', profile: await profile(message) };
  await (message.type === 'open' ? open(message) : close());
  return { type: 'done' };
}

/** The first line of an error, with paths from the root of the repository on. */
function describe(error: unknown): string {
  const root = resolve(import.meta.dirname, '../../../..') + sep;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `; ${describe(error.cause)}`;
  const [line = ''] = error.message.split('\n', 1);
  return `${error.name}: ${line.replaceAll(root, '')}${cause}`;
}

/** A runner that is gone is no error of the worker. */
function send(answer: Answer): void {
  process.send?.(answer, undefined, undefined, () => undefined);
}

process.on('message', (message: Message) => {
  handle(message)
    .catch((error: unknown): Answer => ({ type: 'error', message: describe(error) }))
    .then(send);
});
process.on('disconnect', () => process.exit());
send({ type: 'ready' });
