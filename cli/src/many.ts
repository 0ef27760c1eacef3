import { type Client, MemcacheError } from 'memts';

/** What has come of many keys. */
export interface Many<T> {
  found: ReadonlyMap<string, T>;
  /** By the name of a server, or a key. */
  errors: ReadonlyMap<string, Error>;
  /** Why there is nothing of a key. */
  errorOf(key: string): Error | undefined;
}

/** What the servers sent back, and their errors; where every one of them has failed, too. */
export async function outcomeOf<T>(
  client: Client,
  answer: Promise<ReadonlyMap<unknown, T> & { errors: ReadonlyMap<unknown, Error> }>,
): Promise<Many<T>> {
  const many = (found: ReadonlyMap<string, T>, errors: ReadonlyMap<string, Error>): Many<T> => ({
    found,
    errors,
    errorOf: (key) => errors.get(client.server(key)?.name ?? '') ?? errors.get(key),
  });
  try {
    const found = await answer;
    return many(found as ReadonlyMap<string, T>, found.errors as ReadonlyMap<string, Error>);
  } catch (error) {
    const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    const errors = new Map<string, Error>();
    for (const each of all) {
      if (!(each instanceof MemcacheError) || each.server === undefined) throw error;
      errors.set(each.server, each);
    }
    return many(new Map(), errors);
  }
}
