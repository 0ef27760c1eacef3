/**
 * What telling the channel `memts:command` costs a get of 100 B, 64 in flight over one socket: with nobody who listens,
 * with one listener, and with OpenTelemetry. `npm run bench:telemetry` builds and runs it. With
 * `-- --base FILE` everything is compared with another build's `index.mjs`, such as one without the channel; `--dist
 * FOLDER` is where the build itself is, `--only base,nobody` leaves the others out.
 */
import { tracingChannel } from 'node:diagnostics_channel';
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
import { alternate, comparison, serveRounds } from './alternating.ts';

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

async function work(variant: Variant, build: string, address: string): Promise<void> {
  const { Client } = (await import(build)) as { Client: typeof BuiltClient };
  await LISTENERS[variant](build);
  const client = Client.create(address, { protocol: 'binary', timeout: 10 });
  for (const key of KEYS) await client.set(key, 'x'.repeat(100));
  await serveRounds((index) => client.get(KEYS[index % KEYS.length] as string));
}

async function compare(dist: string, base: string | undefined, rounds: number, only?: string): Promise<void> {
  await using memcached = await startMemcached();
  const present = pathToFileURL(join(dist, 'index.mjs')).href;
  const names = (Object.keys(LISTENERS) as Variant[]).filter((name) => {
    return (name !== 'base' || base !== undefined) && (only === undefined || only.includes(name));
  });
  const variants = names.map((name) => {
    const build = name === 'base' ? pathToFileURL(base as string).href : present;
    return { name, args: [name, build, memcached.address] };
  });
  console.log(comparison(await alternate(fileURLToPath(import.meta.url), variants, rounds), 'gets'));
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
