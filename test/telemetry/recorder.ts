import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { CommandTrace, ConnectionEvent } from '../../src/index.ts';

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

type EventName = (typeof EVENTS)[number];

/** Writes down what the channels tell, until it is disposed of. */
export class Recorder implements Disposable {
  readonly events: { event: EventName; trace: CommandTrace; copy: Partial<CommandTrace> }[] = [];
  readonly connections: ConnectionEvent[] = [];
  readonly #commands = tracingChannel<unknown, CommandTrace>('memts:command');
  readonly #listeners = EVENTS.map((event) => {
    // A copy beside the object itself, which is filled in later.
    const listener = (trace: unknown): void => {
      this.events.push({ event, trace: trace as CommandTrace, copy: { ...(trace as CommandTrace) } });
    };
    this.#commands[event].subscribe(listener);
    return { event, listener };
  });
  readonly #onConnection = (event: unknown): void => {
    this.connections.push(event as ConnectionEvent);
  };

  constructor() {
    channel('memts:connection').subscribe(this.#onConnection);
  }

  /** The calls so far, in the order in which they were made. */
  get calls(): CommandTrace[] {
    return [...new Set(this.events.map(({ trace }) => trace))];
  }

  /** The only call so far, without what does not apply to it. */
  get call(): Partial<CommandTrace> {
    if (this.calls.length !== 1) throw new Error(`${this.calls.length} calls`);
    return known(this.calls[0]);
  }

  /** The events of a call, in their order. */
  of(trace: CommandTrace): EventName[] {
    return this.events.filter((event) => event.trace === trace).map(({ event }) => event);
  }

  clear(): void {
    this.events.length = 0;
  }

  [Symbol.dispose](): void {
    for (const { event, listener } of this.#listeners) this.#commands[event].unsubscribe(listener);
    channel('memts:connection').unsubscribe(this.#onConnection);
  }
}

export function known(trace: Partial<CommandTrace> | undefined): Partial<CommandTrace> {
  return Object.fromEntries(Object.entries(trace ?? {}).filter(([, value]) => value !== undefined));
}
