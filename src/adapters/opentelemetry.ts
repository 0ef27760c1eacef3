import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import {
  type Context,
  type Counter,
  context,
  type Histogram,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type UpDownCounter,
} from '@opentelemetry/api';
import { InstrumentationBase, type InstrumentationConfig } from '@opentelemetry/instrumentation';
import manifest from '../../package.json' with { type: 'json' };
import { monotonicNow, queueMicrotask } from '../clock.ts';
import type { CommandTrace, ConnectionEvent } from '../index.ts';
import {
  connectionAttributes,
  downAttributes,
  endAttributes,
  errorType,
  metricAttributes,
  type Peer,
  repairAttributes,
  spanName,
  startAttributes,
} from './opentelemetry-attributes.ts';

const NAME = 'memts/opentelemetry';

/** Options of {@link MemtsInstrumentation}. */
export interface MemtsInstrumentationConfig extends InstrumentationConfig {
  /** Whether a command has a span only where another one is under way. Measurements are taken in any case. @default false */
  requireParentSpan?: boolean | undefined;
  /** Called when a span begins. */
  requestHook?: ((span: Span, call: CommandTrace) => void) | undefined;
  /** Called before a span ends, when all is known of the call, its error included. */
  responseHook?: ((span: Span, call: CommandTrace) => void) | undefined;
}

/** A call under way. */
interface Operation {
  /** On the clock of `performance.now()`. */
  startedAt: number;
  span: Span | undefined;
}

interface Instruments {
  duration: Histogram;
  connections: UpDownCounter;
  hits: Counter;
  misses: Counter;
  downs: Counter;
  down: UpDownCounter;
  repaired: Counter;
  unrepaired: Counter;
}

/** What the semantic conventions advise for durations in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Makes the span the active one while a call is made, and in what follows from that, such as `compute` of `getOrSet`. */
class ActiveSpan extends AsyncLocalStorage<Context> {
  override run<R, TArgs extends unknown[]>(store: Context, fn: (...args: TArgs) => R, ...args: TArgs): R {
    return context.with(store, fn, undefined, ...args);
  }
}

/**
 * Spans and measurements of memts in OpenTelemetry, by the semantic conventions for database clients:
 * `registerInstrumentations({ instrumentations: [new MemtsInstrumentation()] })`. It listens to the channels
 * `memts:command` and `memts:connection`, so that it makes no difference which is loaded first.
 */
export class MemtsInstrumentation extends InstrumentationBase<MemtsInstrumentationConfig> {
  // Declared, not initialised: the base class enables this one before fields would be.
  declare private instruments: Instruments;
  /** The servers of the connections that are open, by connection. */
  declare private open: Map<string, string> | undefined;
  /** The servers that are down, with the reason. */
  declare private down: Map<string, string> | undefined;
  declare private stop: (() => void) | undefined;

  constructor(config: MemtsInstrumentationConfig = {}) {
    super(NAME, manifest.version, config);
  }

  override enable(): void {
    super.enable();
    this.stop ??= this.listen();
  }

  override disable(): void {
    super.disable();
    this.stop?.();
    this.stop = undefined;
  }

  /** Nothing is patched. */
  protected override init(): [] {
    return [];
  }

  protected override _updateMetricInstruments(): void {
    const { meter } = this;
    // What is open is no longer counted by the meter before, and from now on by the new one.
    this.countOpen(-1);
    this.instruments = {
      duration: meter.createHistogram('db.client.operation.duration', {
        description: 'Duration of database client operations.',
        unit: 's',
        advice: { explicitBucketBoundaries: BUCKETS },
      }),
      connections: meter.createUpDownCounter('db.client.connection.count', {
        description: 'The number of connections that are currently in state described by the state attribute.',
        unit: '{connection}',
      }),
      hits: meter.createCounter('memts.client.hits', { description: 'Keys that were read and found.', unit: '{key}' }),
      misses: meter.createCounter('memts.client.misses', {
        description: 'Keys that were read and not found.',
        unit: '{key}',
      }),
      downs: meter.createCounter('memts.client.server.downs', {
        description: 'How often a server was marked down, by the reason.',
        unit: '{event}',
      }),
      down: meter.createUpDownCounter('memts.client.server.down', {
        description: 'Servers that are marked down now, by the reason.',
        unit: '{server}',
      }),
      repaired: meter.createCounter('memts.client.repaired', {
        description: 'Keys that were deleted since a server may have had old values of them.',
        unit: '{key}',
      }),
      unrepaired: meter.createCounter('memts.client.unrepaired', {
        description: 'Keys that were given up, so that a server may still have old values of them.',
        unit: '{key}',
      }),
    };
    this.countOpen(1);
  }

  /** Listens to the channels; what is returned ends that. */
  private listen(): () => void {
    const operations = new WeakMap<CommandTrace, Operation>();
    const peers = new Map<string, Peer>();
    const commands = tracingChannel<Context, CommandTrace>('memts:command');
    const connections = channel('memts:connection');
    const active = new ActiveSpan();
    let underWay = 0;
    let isStopped = false;
    this.open = new Map();
    this.down = new Map();

    const asyncStart = (message: unknown): void => {
      const call = message as CommandTrace;
      const operation = operations.get(call);
      // One that began before this was enabled.
      if (operation === undefined) return;
      operations.delete(call);
      underWay--;
      this.ended(call, operation, peers.get(call.server ?? ''));
      // Not within the event: the channel is going through its listeners.
      if (isStopped && underWay === 0) queueMicrotask(() => commands.asyncStart.unsubscribe(asyncStart));
    };
    const onConnection = (message: unknown): void => this.connection(message as ConnectionEvent, peers);

    // The store is asked for before the subscribers are called, so that it is what begins the operation.
    commands.start.bindStore(active, (call) => {
      const operation = this.begun(call);
      operations.set(call, operation);
      underWay++;
      return operation.span === undefined ? context.active() : trace.setSpan(context.active(), operation.span);
    });
    commands.asyncStart.subscribe(asyncStart);
    connections.subscribe(onConnection);
    return () => {
      isStopped = true;
      commands.start.unbindStore(active);
      // What is under way still ends, so that no span is lost.
      if (underWay === 0) commands.asyncStart.unsubscribe(asyncStart);
      connections.unsubscribe(onConnection);
      // Nobody would hear when they are closed.
      this.countOpen(-1);
      this.open = undefined;
      this.down = undefined;
    };
  }

  private begun(call: CommandTrace): Operation {
    return { startedAt: monotonicNow(), span: this.startSpan(call) };
  }

  private startSpan(call: CommandTrace): Span | undefined {
    const { requireParentSpan, requestHook } = this.getConfig();
    if (requireParentSpan === true && trace.getSpan(context.active()) === undefined) return undefined;
    const span = this.tracer.startSpan(call.command, { kind: SpanKind.CLIENT, attributes: startAttributes(call) });
    this._runSpanCustomizationHook(requestHook, 'requestHook', span, call);
    return span;
  }

  private ended(call: CommandTrace, { startedAt, span }: Operation, peer: Peer | undefined): void {
    const { duration, hits, misses } = this.instruments;
    const { error } = call;
    const attributes = metricAttributes(call);
    const failure = error === undefined ? {} : { 'error.type': errorType(error) };
    duration.record((monotonicNow() - startedAt) / 1000, { ...attributes, ...failure });
    const found = hitsOf(call);
    if (found.hits > 0) hits.add(found.hits, attributes);
    if (found.misses > 0) misses.add(found.misses, attributes);
    if (span === undefined) return;
    // A span that was not sampled keeps nothing.
    if (span.isRecording()) {
      span.updateName(spanName(call));
      span.setAttributes({ ...endAttributes(call, peer), ...failure });
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      }
    }
    this._runSpanCustomizationHook(this.getConfig().responseHook, 'responseHook', span, call);
    span.end();
  }

  /** Counts what is open. A connection from before this was enabled is not known, and so not taken off. */
  private connection(message: ConnectionEvent, peers: Map<string, Peer>): void {
    const { event, server, id, peer } = message;
    const connection = `${id} ${server}`;
    if (event === 'connect') {
      this.open?.set(connection, server);
      if (peer !== undefined) peers.set(server, peer);
      this.instruments.connections.add(1, connectionAttributes(server));
    } else if (event === 'close' && this.open?.delete(connection)) {
      this.instruments.connections.add(-1, connectionAttributes(server));
    } else if (event === 'down' || event === 'up') {
      this.health(message);
    } else if (event === 'repaired' || event === 'unrepaired') {
      this.instruments[event].add(message.keys ?? 0, repairAttributes(server));
    }
  }

  /** Counts the servers that are down. Several clients may have the same one, which counts once. */
  private health({ event, server, reason = 'unreachable' }: ConnectionEvent): void {
    const before = this.down?.get(server);
    if (event === 'down') this.instruments.downs.add(1, downAttributes(server, reason));
    if (event === 'down' && before === undefined) {
      this.down?.set(server, reason);
      this.instruments.down.add(1, downAttributes(server, reason));
    } else if (event === 'up' && before !== undefined) {
      this.down?.delete(server);
      this.instruments.down.add(-1, downAttributes(server, before));
    }
  }

  /** What is open, and what is down. */
  private countOpen(by: 1 | -1): void {
    for (const server of this.open?.values() ?? []) this.instruments.connections.add(by, connectionAttributes(server));
    for (const [server, reason] of this.down ?? []) this.instruments.down.add(by, downAttributes(server, reason));
  }
}

/** How many keys a call has found and how many not; none of either where it read nothing, or nobody knows. */
function hitsOf({ hit, hits, keyCount, failed = 0, error }: CommandTrace): { hits: number; misses: number } {
  if (hit === undefined || error !== undefined) return { hits: 0, misses: 0 };
  const found = hits ?? Number(hit);
  return { hits: found, misses: Math.max(0, keyCount - found - failed) };
}
