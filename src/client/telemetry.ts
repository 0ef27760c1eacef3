import { AsyncResource } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { factsOf, Op } from '../protocol/op.ts';
import type { ClientCommand } from './command.ts';
import type { Key } from './keys.ts';
import { addBytes, type CommandTrace, newTrace, watchCommand } from './trace.ts';

/** What is asked of a client to trace its commands. */
export interface TraceHost {
  readonly options: { readonly traceKeys?: boolean | undefined };
}

/** Held here: a channel that nobody holds may be forgotten, with its subscribers. */
const channels = tracingChannel<unknown, CommandTrace>('memts:command');
const { start, end, asyncStart, asyncEnd, error: failure } = channels;

/** Whether anybody listens; all that a command does for it when nobody does. */
export function isTraced(): boolean {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    failure.hasSubscribers
  );
}

/** The call that is just making commands of its own: those are part of it and have no trace. */
let outer: CommandTrace | undefined;

/** One call under way: what it tells the channel, and when. */
class Call {
  readonly trace: CommandTrace;
  /** Answers come on a socket's behalf; this leads back to where the call was made. */
  readonly #origin = new AsyncResource('MEMTS_COMMAND');
  #ended = false;

  constructor(trace: CommandTrace) {
    this.trace = trace;
  }

  /** The part of the call that is over when it returns. */
  begin<T>(fn: () => T): T {
    const { trace } = this;
    return start.runStores(trace, () => {
      try {
        return fn();
      } finally {
        end.publish(trace);
      }
    });
  }

  /** Tells how it ended, around `deliver`, which tells who waits for it. */
  finish(failed: boolean, error: unknown, deliver: () => void): void {
    if (this.#ended) {
      deliver();
      return;
    }
    this.#ended = true;
    const { trace } = this;
    this.#origin.runInAsyncScope(() => {
      if (failed) {
        trace.error = error;
        failure.publish(trace);
      }
      asyncStart.runStores(trace, () => {
        try {
          deliver();
        } finally {
          asyncEnd.publish(trace);
        }
      });
    });
  }
}

/** Traces a command for one key. `begin` sends it; what goes wrong there, the command tells. */
export function traceCommand<THost extends TraceHost, TCommand extends ClientCommand, TArgs extends unknown[]>(
  host: THost,
  begin: (this: THost, command: TCommand, ...args: TArgs) => void,
  command: TCommand,
  ...args: TArgs
): void {
  if (outer !== undefined) {
    const watch = watchCommand(command, outer);
    begin.call(host, command, ...args);
    watch.noteServer();
    if (command.value !== undefined) addBytes(outer, command.value);
    return;
  }
  const call = new Call(newTrace(factsOf(command.op).name, 1));
  const { trace } = call;
  if (host.options.traceKeys === true) trace.key = command.key;
  const watch = watchCommand(command, trace);
  command.intercept((failed, error, deliver) => {
    watch.noteServer();
    trace.attempts = watch.total();
    if (command.op !== Op.Raw && command.value !== undefined) addBytes(trace, command.value);
    call.finish(failed, error, deliver);
  });
  call.begin(() => {
    begin.call(host, command, ...args);
    watch.noteServer();
  });
}

/** Traces a call that is made of several commands. `run` fills in what it knows. */
export function traceCall<T>(
  host: TraceHost,
  command: string,
  keys: unknown,
  run: (trace: CommandTrace) => Promise<T>,
): Promise<T> {
  const single = isKey(keys);
  const call = new Call(newTrace(command, single ? 1 : countOf(keys)));
  const { trace } = call;
  if (single && host.options.traceKeys === true) trace.key = keys;
  const outcome = call.begin(async () => run(trace));
  return new Promise((resolve, reject) => {
    outcome.then(
      (value) => call.finish(trace.error !== undefined, trace.error, () => resolve(value)),
      (error) => call.finish(true, error, () => reject(error)),
    );
  });
}

/** Makes commands that are part of a call: they tell of themselves in its trace. */
export function within<T>(trace: CommandTrace | undefined, make: () => T): T {
  if (trace === undefined) return make();
  const before = outer;
  outer = trace;
  try {
    return make();
  } finally {
    outer = before;
  }
}

function isKey(keys: unknown): keys is Key {
  return typeof keys === 'string' || keys instanceof Uint8Array;
}

/** Without going through an iterable, which may be gone through only once. */
function countOf(keys: unknown): number {
  if (Array.isArray(keys)) return keys.length;
  return keys instanceof Set || keys instanceof Map ? keys.size : 0;
}
