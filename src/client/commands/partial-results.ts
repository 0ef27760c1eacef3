/** Results of which some may be missing, with the errors in a property that takes no part in loops. */
export function withErrors<TResults extends object, TErrors>(results: TResults, errors: TErrors): TResults {
  return Object.defineProperty(results, 'errors', { value: errors });
}

/** What a call fails with when all servers have: their error, or all of them. */
export function everyFailed(errors: ReadonlyMap<unknown, Error>): Error {
  const [first] = errors.values();
  return errors.size === 1 ? (first as Error) : new AggregateError(errors.values(), 'Every server failed');
}
