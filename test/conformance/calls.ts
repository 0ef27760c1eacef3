import fc from 'fast-check';
import type { Client } from '../../src/index.ts';

/** A call, as data; `key` is a number, so that each run and client puts it into names of its own. */
export interface Call {
  name: string;
  run: (client: Client, key: (index: number) => string, seen: Seen) => Promise<unknown>;
}

/** The CAS that this client last saw for each key. */
export type Seen = Map<number, bigint>;

const KEYS = 4;
const index = fc.nat({ max: KEYS - 1 });
const value = fc.oneof(
  fc.constantFrom('', '0', '7', '10', ' 5', '18446744073709551615', '9007199254740991', 'END\r\n', 'x'.repeat(600)),
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
);
const expires = fc.constantFrom(undefined, 0, 100, 2_592_000, 3_600_000);
const flags = fc.constantFrom(undefined, 0, 1, 0xffffffff);
const amount = fc.constantFrom(0, 1, 5, 2 ** 40, 18_446_744_073_709_551_615n);
const initial = fc.constantFrom(undefined, null, 0, 9, 18_446_744_073_709_551_615n);
const condition = fc.constantFrom('none', 'none', 'seen', 'other');

/** The CAS for a condition; none where nothing was seen yet. */
function casFor(seen: Seen, at: number, which: string): bigint | undefined {
  if (which === 'none') return undefined;
  return which === 'seen' ? seen.get(at) : 1n;
}

const get = fc.record({ at: index, cas: fc.boolean() }).map(
  ({ at, cas }): Call => ({
    name: `get ${at}`,
    run: async (client, key, seen) => {
      if (!cas) return client.get(key(at));
      const found = await client.get(key(at), { cas: true });
      if (found.cas !== undefined) seen.set(at, found.cas);
      return { ...found, cas: found.cas === undefined ? undefined : 'a CAS' };
    },
  }),
);

const store = fc
  .record({ how: fc.constantFrom('set', 'set', 'add', 'replace'), at: index, value, expires, flags, condition })
  .map(
    ({ how, at, value, expires, flags, condition }): Call => ({
      name: `${how} ${at} ${JSON.stringify(String(value))} ${expires} ${flags} ${condition}`,
      run: (client, key, seen) =>
        client[how as 'set'](key(at), value, { expires, flags, cas: casFor(seen, at, condition) }),
    }),
  );

const change = fc.record({ how: fc.constantFrom('append', 'prepend', 'delete'), at: index, value }).map(
  ({ how, at, value }): Call => ({
    name: `${how} ${at} ${JSON.stringify(String(value))}`,
    run: (client, key) => (how === 'delete' ? client.delete(key(at)) : client[how as 'append'](key(at), value)),
  }),
);

const count = fc
  .record({
    how: fc.constantFrom('increment', 'decrement'),
    at: index,
    amount,
    initial,
    expires,
    bigint: fc.boolean(),
  })
  .map(
    ({ how, at, amount, initial, expires, bigint }): Call => ({
      name: `${how} ${at} ${amount} ${initial} ${expires} ${bigint}`,
      run: (client, key) => client[how as 'increment'](key(at), amount, { initial, expires, bigint }),
    }),
  );

const touch = fc.record({ how: fc.constantFrom('touch', 'getAndTouch'), at: index, expires }).map(
  ({ how, at, expires = 0 }): Call => ({
    name: `${how} ${at} ${expires}`,
    run: (client, key) => client[how as 'touch'](key(at), expires),
  }),
);

const many = fc
  .record({
    how: fc.constantFrom('getMulti', 'setMulti', 'deleteMulti'),
    which: fc.array(index),
    value,
    expires,
    flags,
  })
  .map(
    ({ how, which, value, expires, flags }): Call => ({
      name: `${how} ${which}`,
      run: async (client, key) => {
        const keys = which.map(key);
        const entries = keys.map((each) => [each, value] as const);
        const result =
          how === 'getMulti'
            ? await client.getMulti(keys)
            : how === 'setMulti'
              ? await client.setMulti(entries, { expires, flags })
              : await client.deleteMulti(keys);
        return [...result].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
      },
    }),
  );

/** Calls whose results do not depend on what servers number and time for themselves. */
export const calls: fc.Arbitrary<Call[]> = fc.array(fc.oneof(get, store, change, count, touch, many), {
  minLength: 5,
  maxLength: 40,
  size: 'max',
});

/** What came of a call, in a form that compares. */
export async function outcome(call: Call, client: Client, prefix: string, seen: Seen): Promise<unknown> {
  try {
    return { result: await call.run(client, (at) => `${prefix}-${at}`, seen) };
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return { name, code, message };
  }
}
