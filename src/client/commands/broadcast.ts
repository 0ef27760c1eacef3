import type { Engine } from '../engine.ts';
import type { CommandTrace } from '../telemetry.ts';
import { traceCall } from '../telemetry.ts';
import { type AnyCallback, invoke } from './callback.ts';
import { type ClientCommand, type CommandOptions, checkCommandOptions, isTraced } from './command.ts';
import { everyFailed, withErrors } from './partial-results.ts';

/** What a server has to say to a command that goes to all of them. */
export interface Outcome<T> {
  /** `host:port`, or the path of a unix socket. */
  server: string;
  error: Error | null;
  result: T | null;
}

/**
 * Results by `host:port`. `errors` has the servers that failed; it is not enumerable, so that loops and `Object.values`
 * have results only, which its type makes true of them for TypeScript as well.
 */
export type ByServer<T> = Record<string, T> & { readonly errors: Map<string, Error> & T };

/**
 * Asks every server and resolves with what each said, calling `each` as soon as one has. Rejects with what `make`, which
 * is called once for each server, throws.
 */
export function askAll<T>(
  engine: Engine,
  name: string,
  options: CommandOptions,
  make: () => ClientCommand,
  each?: (outcome: Outcome<T>) => void,
): Promise<Outcome<T>[]> {
  const ask = () => broadcast(engine, options, make, each);
  const { signal } = options;
  if (!isTraced()) return engine.whenKnown(ask, signal);
  const { traceKeys } = engine.options;
  const run = async (trace: CommandTrace) => noteOutcomes(await engine.whenKnown(ask, signal), trace);
  return traceCall(name, undefined, traceKeys, run);
}

async function broadcast<T>(
  engine: Engine,
  options: CommandOptions,
  make: () => ClientCommand,
  each?: (outcome: Outcome<T>) => void,
): Promise<Outcome<T>[]> {
  checkCommandOptions(options, engine.log);
  const sent = engine.fleet.backends.map(async (backend): Promise<Outcome<T>> => {
    const { name } = backend;
    // The command's class says what it resolves with.
    const answer = make().submit(undefined, undefined, backend) as Promise<T>;
    const outcome = await answer.then(
      (result) => ({ server: name, error: null, result }),
      (error: Error) => ({ server: name, error, result: null }),
    );
    each?.(outcome);
    return outcome;
  });
  const outcomes = await Promise.all(sent);
  options.signal?.throwIfAborted();
  return outcomes;
}

/** Notes in a trace what servers said that were all asked the same. */
function noteOutcomes<T extends Outcome<unknown>[]>(outcomes: T, trace: CommandTrace): T {
  const [first] = outcomes;
  if (outcomes.length === 1) trace.server = first?.server;
  if (outcomes.every(({ error }) => error !== null)) trace.error = first?.error ?? undefined;
  return outcomes;
}

/**
 * The results by server, with the errors of the others in a property `errors` that takes no part in loops. Throws when
 * there are errors alone.
 */
function byServer<T>(outcomes: Outcome<T>[]): ByServer<T> {
  const results: Record<string, T> = {};
  const errors = new Map<string, Error>();
  for (const { server, error, result } of outcomes) {
    if (error !== null) errors.set(server, error);
    else results[server] = result as T;
  }
  if (errors.size > 0 && errors.size === outcomes.length) throw everyFailed(errors);
  return withErrors(results, errors) as ByServer<T>;
}

/** Hands over what `ask` learns: the promise has all by server, the callback is called for each. */
export function answerByServer<T>(
  ask: (each?: (outcome: Outcome<T>) => void) => Promise<Outcome<T>[]>,
  callback: AnyCallback | undefined,
): Promise<ByServer<T>> | undefined {
  if (callback === undefined) return ask().then(byServer);
  ask(({ server, error, result }) => invoke(callback, error, server, result)).catch((error) =>
    invoke(callback, error, null, null),
  );
  return undefined;
}
