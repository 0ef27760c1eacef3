import type { AdapterClient } from './client.ts';

/** An item to store. Without `expires`, the client's default holds. */
export interface Item {
  key: string;
  value: string;
  expires: number | undefined;
}

/** What became of many items. */
export interface Stored {
  /** For each item, in their order, whether it was stored. */
  stored: boolean[];
  errors: Error[];
}

/** Stores items that each have an expiration of their own: one call of the client for all that share one. */
export async function storeMany(client: AdapterClient, items: readonly Item[]): Promise<Stored> {
  const groups = new Map<number | undefined, Item[]>();
  // Where a key stands twice, the last one counts; in two calls at once, either might.
  for (const item of new Map(items.map((each) => [each.key, each])).values()) {
    const group = groups.get(item.expires);
    if (group === undefined) groups.set(item.expires, [item]);
    else group.push(item);
  }
  const keys = new Set<string>();
  const errors: Error[] = [];
  const calls = await Promise.allSettled(
    [...groups].map(([expires, group]) =>
      client.setMulti(
        group.map(({ key, value }) => [key, value]),
        { expires },
      ),
    ),
  );
  for (const call of calls) {
    if (call.status === 'rejected') errors.push(call.reason);
    else {
      for (const [key, done] of call.value) if (done) keys.add(key);
      errors.push(...call.value.errors.values());
    }
  }
  return { stored: items.map(({ key }) => keys.has(key)), errors };
}

/** One error of several. */
export function oneOf(errors: readonly Error[], message: string): Error {
  const [first] = errors;
  return first !== undefined && errors.length === 1 ? first : new AggregateError(errors, message);
}
