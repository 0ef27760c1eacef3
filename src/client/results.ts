import type { Outcome, Statistics } from './admin.ts';
import { type AnyCallback, invoke } from './callback.ts';

/** Puts the outcomes of a flush together: for each server `true` or its error. */
export function flushResults(
  outcomes: Promise<Outcome<true>[]>,
  callback: AnyCallback | undefined,
): Promise<Record<string, true | Error>> | undefined {
  const gathered = outcomes.then((list) => {
    const errors = list.map(({ error }) => error).filter((error) => error !== null);
    const results = Object.fromEntries(list.map(({ server, error }) => [server, error ?? (true as const)]));
    return { results, lastError: errors.at(-1) ?? null };
  });
  if (callback === undefined) return gathered.then(({ results }) => results);
  gathered.then(
    ({ lastError, results }) => invoke(callback, lastError, results),
    (error) => invoke(callback, error, null),
  );
  return undefined;
}

/** Puts statistics together: those of the servers that answered, or an error when none did. */
export function statsResults(
  ask: (each: (outcome: Outcome<Statistics>) => void) => Promise<Outcome<Statistics>[]>,
  callback: AnyCallback | undefined,
): Promise<ByServer<Statistics>> | undefined {
  if (callback === undefined) return ask(() => {}).then(byServer);
  ask(({ server, error, result }) => invoke(callback, error, server, result)).catch((error) =>
    invoke(callback, error, null, null),
  );
  return undefined;
}

/**
 * Results by `host:port`. `errors` has the servers that failed; it is not enumerable, so that loops and `Object.values`
 * have results only, which its type makes true of them for TypeScript as well.
 */
export type ByServer<T> = Record<string, T> & { readonly errors: Map<string, Error> & T };

/**
 * The results by server, with the errors of the others in a property `errors` that takes no part in loops. Throws when
 * there are errors alone.
 */
export function byServer<T>(outcomes: Outcome<T>[]): ByServer<T> {
  const results: Record<string, T> = {};
  const errors = new Map<string, Error>();
  for (const { server, error, result } of outcomes) {
    if (error !== null) errors.set(server, error);
    else results[server] = result as T;
  }
  if (errors.size > 0 && errors.size === outcomes.length) {
    const [first] = errors.values();
    throw errors.size === 1 ? first : new AggregateError(errors.values(), 'Every server failed');
  }
  return Object.defineProperty(results, 'errors', { value: errors }) as ByServer<T>;
}
