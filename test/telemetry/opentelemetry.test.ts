import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  createContextKey,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  ATTR_DB_OPERATION_BATCH_SIZE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  METRIC_DB_CLIENT_OPERATION_DURATION,
} from '@opentelemetry/semantic-conventions';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { MemtsInstrumentation } from '../../src/adapters/opentelemetry.ts';
import { Client, type ClientOptions } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';

/** What `@opentelemetry/context-async-hooks` is in short. */
class Contexts implements ContextManager {
  readonly #store = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#store.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#store.run(active, () => Reflect.apply(fn, thisArg, args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

/** What `suppressTracing` of `@opentelemetry/core` sets. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

const spans = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const tracer = tracerProvider.getTracer('test');

let memcached: Memcached;
let metrics: InMemoryMetricExporter;
let meterProvider: MeterProvider;
let instrumentation: MemtsInstrumentation;
let unregister: () => void;
const clients: Client[] = [];

beforeAll(async () => {
  memcached = await startMemcached();
  context.setGlobalContextManager(new Contexts());
});
afterAll(async () => {
  context.disable();
  await memcached[Symbol.asyncDispose]();
});
beforeEach(() => {
  metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e6 });
  meterProvider = new MeterProvider({ readers: [reader] });
  instrumentation = new MemtsInstrumentation();
  unregister = registerInstrumentations({ tracerProvider, meterProvider, instrumentations: [instrumentation] });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.quit()));
  unregister();
  await meterProvider.shutdown();
  spans.reset();
});

function connect(options: ClientOptions = {}, servers = memcached.address): Client {
  const client = Client.create(servers, { logger: { log() {} }, retries: 1, ...options });
  clients.push(client as Client);
  return client as Client;
}

/** The value of a metric for each set of attributes. */
async function measured<T = number>(name: string): Promise<DataPoint<T>[]> {
  metrics.reset();
  await meterProvider.forceFlush();
  const all = metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return (all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []) as DataPoint<T>[];
}

it('makes a span of each command, by the conventions', async () => {
  const client = connect();
  await client.set('key', 'value');
  await client.get('key');
  const [set, get] = spans.getFinishedSpans();
  const common = {
    [ATTR_DB_SYSTEM_NAME]: 'memcached',
    [ATTR_SERVER_ADDRESS]: '127.0.0.1',
    [ATTR_SERVER_PORT]: memcached.port,
    [ATTR_NETWORK_PEER_ADDRESS]: '127.0.0.1',
    [ATTR_NETWORK_PEER_PORT]: memcached.port,
    'memts.bytes': 5,
    'memts.attempts': 1,
  };
  expect(set).toMatchObject({ name: `set ${memcached.address}`, kind: SpanKind.CLIENT });
  expect(set?.attributes).toEqual({ ...common, [ATTR_DB_OPERATION_NAME]: 'set' });
  expect(get?.attributes).toEqual({ ...common, [ATTR_DB_OPERATION_NAME]: 'get', 'memts.hit': true });
  expect(get?.status.code).toBe(SpanStatusCode.UNSET);
  expect(get?.instrumentationScope).toMatchObject({ name: 'memts/opentelemetry', version: manifest.version });
  expect(get?.ended).toBe(true);
});

it('counts durations, hits, misses and connections', async () => {
  const client = connect();
  await client.set('a', '1');
  await client.get('a');
  await client.get('none');
  await client.getMulti(['a', 'none', 'other']);
  const durations = await measured<Histogram>(METRIC_DB_CLIENT_OPERATION_DURATION);
  const ofGet = durations.find(({ attributes }) => attributes[ATTR_DB_OPERATION_NAME] === 'get');
  expect(ofGet?.attributes).toEqual({
    [ATTR_DB_SYSTEM_NAME]: 'memcached',
    [ATTR_DB_OPERATION_NAME]: 'get',
    [ATTR_SERVER_ADDRESS]: '127.0.0.1',
    [ATTR_SERVER_PORT]: memcached.port,
  });
  expect(ofGet?.value.count).toBe(2);
  expect(ofGet?.value.buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
  expect(ofGet?.value.sum).toBeGreaterThan(0);
  expect(ofGet?.value.sum).toBeLessThan(1);
  const byName = (points: DataPoint<number>[]) =>
    Object.fromEntries(points.map(({ attributes, value }) => [attributes[ATTR_DB_OPERATION_NAME], value]));
  expect(byName(await measured('memts.client.hits'))).toEqual({ get: 1, getMulti: 1 });
  expect(byName(await measured('memts.client.misses'))).toEqual({ get: 1, getMulti: 2 });
  const connections = 'db.client.connection.count';
  expect(await measured(connections)).toMatchObject([
    {
      value: 1,
      attributes: { 'db.client.connection.pool.name': memcached.address, 'db.client.connection.state': 'used' },
    },
  ]);
  await client.quit();
  expect(await measured(connections)).toMatchObject([{ value: 0 }]);
});

it('counts the servers that are down, with the reason', async () => {
  await using hung = await startMemcached();
  const nowhere = `127.0.0.1:${await freePort()}`;
  const client = connect({ timeout: 0.05, failFast: 1 }, `${hung.address},${nowhere}`);
  await client.connect().catch(() => {});
  hung.pause();
  await expect
    .poll(async () => {
      await client.stats().catch(() => {});
      return Object.values(client.status()).map(({ state }) => state);
    })
    .toEqual(['down', 'down']);
  const points = (value: number) =>
    [
      [hung.port, 'hung'],
      [Number(nowhere.split(':')[1]), 'unreachable'],
    ].map(([port, reason]) => ({
      value: reason === 'hung' ? value : 1,
      attributes: {
        [ATTR_DB_SYSTEM_NAME]: 'memcached',
        [ATTR_SERVER_ADDRESS]: '127.0.0.1',
        [ATTR_SERVER_PORT]: port,
        'memts.reason': reason,
      },
    }));
  const byPort = (found: DataPoint<number>[]) =>
    found
      .map(({ value, attributes }) => ({ value, attributes }))
      .sort((a) => (a.attributes[ATTR_SERVER_PORT] === hung.port ? -1 : 1));
  expect(byPort(await measured('memts.client.server.down'))).toEqual(points(1));
  hung.resume();
  await expect.poll(() => client.status()[hung.address]?.state, { timeout: 3000 }).toBe('up');
  expect(byPort(await measured('memts.client.server.down'))).toEqual(points(0));
  expect(byPort(await measured('memts.client.server.downs'))).toEqual(points(1));
});

it('counts keys that were repaired, and those that were given up', async () => {
  await using proxy = await startProxy(memcached.port);
  const client = connect({ repair: {} }, proxy.address);
  await client.get('any');
  for (const [round, keys] of [['repaired', ['a', 'b']] as const, ['given up', ['c']] as const]) {
    proxy.refuse();
    proxy.cut();
    await expect.poll(() => client.status()[proxy.address]?.connections).toBe(0);
    for (const key of keys) await expect(client.delete(key)).rejects.toThrow();
    if (round === 'given up') break;
    await proxy.accept();
    await expect.poll(() => client.status()[proxy.address]?.unrepaired, { timeout: 5000 }).toBe(0);
  }
  client.close();
  const attributes = {
    [ATTR_DB_SYSTEM_NAME]: 'memcached',
    [ATTR_SERVER_ADDRESS]: '127.0.0.1',
    [ATTR_SERVER_PORT]: proxy.port,
  };
  expect(await measured('memts.client.repaired')).toMatchObject([{ value: 2, attributes }]);
  expect(await measured('memts.client.unrepaired')).toMatchObject([{ value: 1, attributes }]);
});

it('tells of errors by their code', async () => {
  const nowhere = `127.0.0.1:${await freePort()}`;
  const client = connect({}, nowhere);
  await expect(client.get('secret')).rejects.toThrow();
  await expect(client.get('')).rejects.toThrow();
  const [refused, invalid] = spans.getFinishedSpans();
  expect(refused?.status).toMatchObject({ code: SpanStatusCode.ERROR });
  expect(refused?.attributes).toMatchObject({ [ATTR_ERROR_TYPE]: 'ERR_CONNECT', [ATTR_SERVER_ADDRESS]: '127.0.0.1' });
  expect(invalid).toMatchObject({ name: 'get', attributes: { [ATTR_ERROR_TYPE]: 'ERR_INVALID_KEY' } });
  expect(JSON.stringify(spans.getFinishedSpans().map(({ attributes, status }) => [attributes, status]))).not.toContain(
    'secret',
  );
  const durations = await measured<Histogram>(METRIC_DB_CLIENT_OPERATION_DURATION);
  expect(durations.map(({ attributes }) => attributes[ATTR_ERROR_TYPE])).toEqual(['ERR_CONNECT', 'ERR_INVALID_KEY']);
  expect(await measured('memts.client.misses')).toEqual([]);
});

it('tells keys on request, and the size of batches', async () => {
  const client = connect({ traceKeys: true });
  await client.get('key');
  await client.getMulti(['a', Buffer.from('b')]);
  await connect().getMulti(['single']);
  const [one, two, single] = spans.getFinishedSpans().map(({ attributes }) => attributes);
  expect(one).toMatchObject({ [ATTR_DB_QUERY_TEXT]: 'get key' });
  expect(one).not.toHaveProperty([ATTR_DB_OPERATION_BATCH_SIZE]);
  expect(two).toMatchObject({ [ATTR_DB_QUERY_TEXT]: 'getMulti a b', [ATTR_DB_OPERATION_BATCH_SIZE]: 2 });
  expect(single).not.toHaveProperty([ATTR_DB_QUERY_TEXT]);
  expect(single).not.toHaveProperty([ATTR_DB_OPERATION_BATCH_SIZE]);
});

it('belongs to the active span, and is the active one for what follows from it', async () => {
  const client = connect();
  const request = tracer.startSpan('request');
  const { spanId } = request.spanContext();
  await context.with(trace.setSpan(context.active(), request), async () => {
    await client.getOrSet('made', () => {
      tracer.startSpan('compute').end();
      return 'value';
    });
    await new Promise<void>((resolve) => {
      client.get('made', () => {
        // Asked for by the request, and answered when the command is over.
        tracer.startSpan('callback').end();
        resolve();
      });
    });
    tracer.startSpan('after').end();
  });
  request.end();
  const finished = new Map(spans.getFinishedSpans().map((span) => [span.name.split(' ')[0], span]));
  const parentOf = (name: string) => finished.get(name)?.parentSpanContext?.spanId;
  expect(parentOf('getOrSet')).toBe(spanId);
  expect(parentOf('compute')).toBe(finished.get('getOrSet')?.spanContext().spanId);
  expect(parentOf('get')).toBe(spanId);
  expect(parentOf('callback')).toBe(spanId);
  expect(parentOf('after')).toBe(spanId);
});

it('makes spans only within others where that is wanted, and measures all the same', async () => {
  instrumentation.setConfig({ requireParentSpan: true });
  const client = connect();
  await client.get('key');
  expect(spans.getFinishedSpans()).toEqual([]);
  const parent = trace.setSpan(context.active(), tracer.startSpan('request'));
  await context.with(parent, () => client.get('key'));
  expect(spans.getFinishedSpans().map(({ name }) => name)).toEqual([`get ${memcached.address}`]);
  expect(await measured(METRIC_DB_CLIENT_OPERATION_DURATION)).toMatchObject([{ value: { count: 2 } }]);
});

it('calls the hooks, and bears what they throw', async () => {
  instrumentation.setConfig({
    requestHook: (span, { command, server }) => span.setAttribute('asked', `${command} ${server}`),
    responseHook: (span, { hit }) => {
      span.setAttribute('answered', hit === true);
      throw new Error('an error of the hook');
    },
  });
  await connect().get('none');
  expect(spans.getFinishedSpans()[0]?.attributes).toMatchObject({ asked: 'get undefined', answered: false });
});

it('is silent when it is disabled, and back when it is enabled', async () => {
  const client = connect();
  await client.get('key');
  instrumentation.disable();
  const { tracingChannel, channel } = await import('node:diagnostics_channel');
  const { start, asyncStart } = tracingChannel('memts:command');
  expect([start, asyncStart, channel('memts:connection')].map((each) => each.hasSubscribers)).toEqual(
    Array(3).fill(false),
  );
  await client.get('key');
  expect(await measured('db.client.connection.count')).toMatchObject([{ value: 0 }]);
  instrumentation.enable();
  instrumentation.enable();
  await client.get('key');
  await client.quit();
  expect(spans.getFinishedSpans().length).toBe(2);
  expect(await measured(METRIC_DB_CLIENT_OPERATION_DURATION)).toMatchObject([{ value: { count: 2 } }]);
  // The connection from before is not known any more, and so its end is none of a connection that was counted.
  expect(await measured('db.client.connection.count')).toMatchObject([{ value: 0 }]);
});

it('ends the spans of what is under way when it is disabled', async () => {
  const client = connect();
  const two = [client.set('key', 'value'), client.get('key')];
  instrumentation.disable();
  await Promise.all(two);
  expect(spans.getFinishedSpans().map(({ name }) => name.split(' ')[0])).toEqual(['set', 'get']);
  expect(await measured(METRIC_DB_CLIENT_OPERATION_DURATION)).toHaveLength(2);
  const { tracingChannel } = await import('node:diagnostics_channel');
  expect(tracingChannel('memts:command').asyncStart.hasSubscribers).toBe(false);
});

it('counts the connections that are open by the meter of now', async () => {
  const client = connect();
  await client.get('key');
  const connections = 'db.client.connection.count';
  expect(await measured(connections)).toMatchObject([{ value: 1 }]);
  const before = [metrics, meterProvider] as const;
  metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e6 });
  meterProvider = new MeterProvider({ readers: [reader] });
  instrumentation.setMeterProvider(meterProvider);
  await client.get('key');
  expect(await measured(connections)).toMatchObject([{ value: 1 }]);
  await client.quit();
  // The meter would otherwise get an end without a beginning, which is -1.
  expect(await measured(connections)).toMatchObject([{ value: 0 }]);
  [metrics, meterProvider] = [before[0], before[1]];
  expect(await measured(connections)).toMatchObject([{ value: 0 }]);
});

it('makes no spans where tracing is suppressed, in what follows neither, and measures all the same', async () => {
  const client = connect();
  await context.with(context.active().setValue(SUPPRESSED, true), async () => {
    await client.set('key', 'value');
    await client.getOrSet('suppressed', async () => {
      await client.get('key');
      return 'value';
    });
  });
  expect(spans.getFinishedSpans()).toEqual([]);
  const durations = await measured<Histogram>(METRIC_DB_CLIENT_OPERATION_DURATION);
  expect(durations.map(({ attributes }) => attributes[ATTR_DB_OPERATION_NAME]).sort()).toEqual([
    'get',
    'getOrSet',
    'set',
  ]);
});

it('tells the servers of several clients apart', async () => {
  await using other = await startMemcached();
  const clients = [connect(), connect({}, other.address), connect()];
  await Promise.all(clients.map((client) => client.get('key')));
  const ports = spans.getFinishedSpans().map(({ attributes }) => attributes[ATTR_NETWORK_PEER_PORT]);
  expect(ports.sort()).toEqual([memcached.port, memcached.port, other.port].sort());
  const open = await measured('db.client.connection.count');
  expect(
    Object.fromEntries(open.map(({ attributes, value }) => [attributes['db.client.connection.pool.name'], value])),
  ).toEqual({ [memcached.address]: 2, [other.address]: 1 });
  await clients[1]?.quit();
});
