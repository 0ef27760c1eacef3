/**
 * What telling the channel `memts:command` costs a get of 100 B, 64 in flight over one socket: with nobody who listens,
 * with one listener, and with OpenTelemetry. `npm run bench:telemetry` builds and runs it. With
 * `-- --base FILE` everything is compared with another build's `index.mjs`, such as one without the channel; `--dist
 * FOLDER` is where the build itself is, `--only base,nobody` leaves the others out.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { metrics } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { MemtsInstrumentation as BuiltInstrumentation } from '../src/adapters/opentelemetry.ts';
import type { Client as BuiltClient } from '../src/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { table } from './table.ts';

const COMMANDS = 200_000;
const IN_FLIGHT = 64;
const KEYS = Array.from({ length: 1000 }, (_, i) => `key:${i}`);

const LISTENERS = {
  base: () => {},
  nobody: () => {},
  'one listener': () => {
    const seen = { hits: 0 };
    tracingChannel('memts:command').asyncEnd.subscribe((call) => {
      if (Reflect.get(call as object, 'hit') === true) seen.hits++;
    });
  },
  OpenTelemetry: async (build: string) => {
    const { MemtsInstrumentation } = (await import(new URL('opentelemetry.mjs', build).href)) as {
      MemtsInstrumentation: typeof BuiltInstrumentation;
    };
    metrics.setGlobalMeterProvider(new MeterProvider());
    registerInstrumentations({
      tracerProvider: new BasicTracerProvider({ spanProcessors: [new NoopSpanProcessor()] }),
      instrumentations: [new MemtsInstrumentation()],
    });
  },
};

type Variant = keyof typeof LISTENERS;

interface Result {
  /** Gets a second. */
  rate: number;
  /** Microseconds of processor time for each. */
  cpu: number;
}

async function load(client: BuiltClient): Promise<Result> {
  let left = COMMANDS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await client.get(KEYS[left % KEYS.length] as string);
  };
  const start = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(before);
  return { rate: (COMMANDS / (performance.now() - start)) * 1000, cpu: (user + system) / COMMANDS };
}

/** A process of its own for each variant, since what is compiled for one would serve the others. */
async function work(variant: Variant, build: string, address: string): Promise<void> {
  const { Client } = (await import(build)) as { Client: typeof BuiltClient };
  await LISTENERS[variant](build);
  const client = Client.create(address, { protocol: 'binary', timeout: 10 });
  for (const key of KEYS) await client.set(key, 'x'.repeat(100));
  await load(client);
  process.on('message', async () => process.send?.(await load(client)));
  process.send?.('ready');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function compare(dist: string, base: string | undefined, rounds: number, only?: string): Promise<void> {
  await using memcached = await startMemcached();
  const ours = pathToFileURL(join(dist, 'index.mjs')).href;
  const variants = (Object.keys(LISTENERS) as Variant[]).filter((name) => {
    return (name !== 'base' || base !== undefined) && (only === undefined || only.includes(name));
  });
  const children = new Map<Variant, ChildProcess>();
  const results = new Map<Variant, Result[]>(variants.map((variant) => [variant, []]));
  for (const variant of variants) {
    const build = variant === 'base' ? pathToFileURL(base as string).href : ours;
    const child = fork(fileURLToPath(import.meta.url), ['--work', variant, build, memcached.address], {
      execArgv: process.execArgv,
    });
    children.set(variant, child);
    await once(child, 'message');
  }
  for (let round = 0; round < rounds; round++) {
    // The other way round every second time, so that none always comes first.
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const child = children.get(variant) as ChildProcess;
      child.send('go');
      const [result] = (await once(child, 'message')) as [Result];
      results.get(variant)?.push(result);
    }
  }
  for (const child of children.values()) child.kill();
  report(variants, results);
}

/** Ratios are taken round by round: these machines are noisy. */
function report(variants: readonly Variant[], results: ReadonlyMap<Variant, Result[]>): void {
  const first = results.get(variants[0] as Variant) ?? [];
  const ratio = (each: readonly Result[], field: keyof Result) =>
    median(each.map((result, i) => result[field] / (first[i] as Result)[field])).toFixed(3);
  const rows = variants.map((variant) => {
    const each = results.get(variant) ?? [];
    const rate = Math.round(median(each.map((result) => result.rate))).toLocaleString('en');
    const cpu = median(each.map((result) => result.cpu)).toFixed(3);
    return [variant, rate, cpu, ratio(each, 'rate'), ratio(each, 'cpu')];
  });
  console.log(table(['', 'gets /s', 'µs CPU for each', `rate × ${variants[0]}`, `CPU × ${variants[0]}`], rows));
}

const { values, positionals } = parseArgs({
  options: {
    base: { type: 'string' },
    dist: { type: 'string', default: 'dist' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    work: { type: 'boolean' },
  },
  allowPositionals: true,
});
if (values.work === true) await work(positionals[0] as Variant, positionals[1] as string, positionals[2] as string);
else await compare(values.dist, values.base, Number(values.rounds), values.only);
