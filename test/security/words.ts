import fc from 'fast-check';
import type { Client } from '../../src/index.ts';
import type { Abilities } from '../support/subject.ts';

/** Keys that are words, numbers or flags of a protocol, and the base64 of one another. */
export const KEYS: readonly string[] = [
  ...[
    'noreply',
    'NOREPLY',
    'VALUE',
    'END',
    'STORED',
    'DELETED',
    'ERROR',
    'OK',
    'MN',
    'HD',
    'VA',
    'EN',
    'NF',
    'NS',
    'ME',
  ],
  ...['get', 'gets', 'set', 'cas', 'add', 'delete', 'touch', 'gat', 'incr', 'mg', 'ms', 'md', 'ma', 'mn', 'me', 'quit'],
  ...['flush_all', 'version', 'verbosity', 'stats', 'STAT', 'reset', 'lru_crawler', 'noop'],
  ...['0', '-1', '1', '00', '100', '4294967295', '18446744073709551615', '1e3', '0x10', 'NaN'],
  ...[
    'q',
    'k',
    'b',
    'v',
    't',
    'W',
    'O1',
    'T0',
    'C0',
    'S2',
    'MS',
    'N30',
    '*',
    '\\',
    '"',
    '\u20ac',
    '__proto__',
    'constructor',
  ],
  // "noreply", "END", "canary" and "0" in base64, with and without what fills it up.
  ...['bm9yZXBseQ==', 'bm9yZXBseQ', 'RU5E', 'Y2FuYXJ5', 'MA==', 'MA', '=', '===='],
];

/** Keys that text has no form for: meta sends them in base64, classic refuses them. */
export const BYTES: readonly string[] = [
  'a b',
  'noreply 0',
  'k\r\nflush_all\r\n',
  '\0',
  ' noreply',
  'END\r\n',
  '\u007f',
];

const COMMANDS = ['flush_all', 'set canary 0 0 1', 'delete canary', 'md canary', 'ms canary 1', 'noreply', 'END', 'MN'];

/** Values that are commands and answers, with and without line ends; none begins with a space. */
export const VALUES: readonly string[] = [
  ...COMMANDS.flatMap((text) => [text, `${text}\r\n`, `x\r\n${text}\r\nx\r\n`, `${text}\n`]),
  ...['VALUE noreply 0 1\r\n1\r\nEND\r\n', 'VA 1\r\n1\r\n', 'STORED\r\n', 'HD\r\n', 'ERROR\r\n', 'SERVER_ERROR x\r\n'],
  ...['', '0', '7', '18446744073709551615', '18446744073709551616', 'x', '\u0080\u0000\u0000', 'x\r', 'x\r\n'],
  `${'v'.repeat(5000)}\r\nflush_all\r\n`,
];

/** What a key holds. A counter's digits may have spaces behind them, which the server leaves when it gets shorter. */
interface Item {
  value: string;
  counter: boolean;
}

export type Model = Map<string, Item>;

export interface Step {
  command: string;
  key: string;
  value: string;
  amount: bigint;
  /** More keys, for commands that take many. */
  more: string[];
}

export interface Command {
  /** Takes several exchanges, so that nothing may go on beside it on its keys. */
  alone?: boolean;
  many?: boolean;
  /** Whether the outcome is known beforehand. @default always */
  possible?: (item: Item | undefined, can: Abilities) => boolean;
  run: (client: Client, step: Step) => Promise<unknown>;
  /** What it has to come to, and what it does to the model. */
  expect: (model: Model, step: Step) => unknown;
}

const MOST = 2n ** 64n;
const text = (value: Buffer | null): string | null => value?.toString() ?? null;
const stored = (model: Model, key: string, value: string): true => {
  model.set(key, { value, counter: false });
  return true;
};
const change = (when: (item: Item | undefined) => boolean, make = (_old: string, value: string): string => value) => {
  return (model: Model, { key, value }: Step): boolean => {
    const item = model.get(key);
    return when(item) && stored(model, key, make(item?.value ?? '', value));
  };
};
const isThere = (item: Item | undefined): boolean => item !== undefined;
const isMissing = (item: Item | undefined): boolean => item === undefined;
const valueIn = (model: Model, key: string): string | null => model.get(key)?.value ?? null;
const trimmed = (value: Buffer | null): string | null => text(value)?.replace(/ +$/, '') ?? null;

/** Whether it is known what counting comes to: some servers take digits with a line end behind them, others don't. */
const isPlain = (item: Item | undefined, can: Abilities): boolean => {
  if (item === undefined) return true;
  if (isNumber(item)) return can.countsHigh || BigInt(item.value) < MOST / 2n;
  return can.steady && /^(\d+$|\D|$)/.test(item.value);
};
const isNumber = ({ value }: Item): boolean => /^\d+$/.test(value) && BigInt(value) < MOST;

function counted(model: Model, key: string, initial: bigint | null, next: (old: bigint) => bigint): unknown {
  const item = model.get(key);
  if (item === undefined) {
    if (initial === null) return { success: false, value: null };
    model.set(key, { value: String(initial), counter: true });
    return { success: true, value: initial };
  }
  if (!isNumber(item)) return 'ERR_NOT_NUMERIC';
  const value = next(BigInt(item.value));
  model.set(key, { value: String(value), counter: true });
  return { success: true, value };
}

const up = (amount: bigint) => (old: bigint) => (old + amount) % MOST;
const down = (amount: bigint) => (old: bigint) => (old > amount ? old - amount : 0n);

const keysOf = ({ key, more }: Step): string[] => [...new Set([key, ...more])];

export const COMMAND_LIST: Readonly<Record<string, Command>> = {
  get: {
    run: async (client, { key }) => trimmed((await client.get(key)).value),
    expect: (model, { key }) => valueIn(model, key),
  },
  gets: {
    possible: (_item, can) => can.cas,
    run: async (client, { key }) => {
      const { value, cas } = await client.get(key, { cas: true });
      return [trimmed(value), typeof cas];
    },
    expect: (model, { key }) => [valueIn(model, key), model.has(key) ? 'bigint' : 'undefined'],
  },
  'get if changed': {
    alone: true,
    possible: (_item, can) => can.cas,
    run: async (client, { key }) => {
      const { cas = 5n } = await client.get(key, { cas: true });
      const same = await client.get(key, { ifNoneMatch: cas });
      const other = await client.get(key, { ifNoneMatch: 2n ** 64n - 1n });
      return [same.unchanged, same.value, trimmed(other.value)];
    },
    expect: (model, { key }) => [model.has(key), null, valueIn(model, key)],
  },
  set: { run: (client, { key, value }) => client.set(key, value), expect: change(() => true) },
  add: { run: (client, { key, value }) => client.add(key, value), expect: change(isMissing) },
  replace: { run: (client, { key, value }) => client.replace(key, value), expect: change(isThere) },
  append: {
    possible: (item) => !item?.counter,
    run: (client, { key, value }) => client.append(key, value),
    expect: change(isThere, (old, value) => old + value),
  },
  prepend: {
    possible: (item) => !item?.counter,
    run: (client, { key, value }) => client.prepend(key, value),
    expect: change(isThere, (old, value) => value + old),
  },
  delete: { run: (client, { key }) => client.delete(key), expect: (model, { key }) => model.delete(key) },
  touch: { run: (client, { key }) => client.touch(key, 1000), expect: (model, { key }) => model.has(key) },
  getAndTouch: {
    run: async (client, { key }) => trimmed((await client.getAndTouch(key, 1000)).value),
    expect: (model, { key }) => valueIn(model, key),
  },
  increment: {
    possible: isPlain,
    run: (client, { key, amount }) => client.increment(key, amount, { initial: null, bigint: true }),
    expect: (model, { key, amount }) => counted(model, key, null, up(amount)),
  },
  decrement: {
    possible: isPlain,
    run: (client, { key, amount }) => client.decrement(key, amount, { initial: null, bigint: true }),
    expect: (model, { key, amount }) => counted(model, key, null, down(amount)),
  },
  'increment from': {
    alone: true,
    possible: isPlain,
    run: (client, { key, amount }) => client.increment(key, amount, { initial: 5n, bigint: true }),
    expect: (model, { key, amount }) => counted(model, key, 5n, up(amount)),
  },
  'compare and set': {
    alone: true,
    possible: (item, can) => can.cas && item !== undefined,
    run: async (client, { key, value }) => {
      const { cas = 0n } = await client.get(key, { cas: true });
      return [await client.set(key, value, { cas }), await client.set(key, 'x', { cas })];
    },
    expect: (model, { key, value }) => [stored(model, key, value), false],
  },
  update: {
    alone: true,
    possible: (item, can) => can.cas && !item?.counter,
    run: (client, { key, value }) => client.update(key, (old) => `${old ?? ''}${value}`),
    expect: (model, { key, value }) => {
      stored(model, key, `${valueIn(model, key) ?? ''}${value}`);
      return valueIn(model, key);
    },
  },
  getOrSet: {
    alone: true,
    run: async (client, { key, value }) => trimmed((await client.getOrSet(key, () => value)) as Buffer),
    expect: (model, { key, value }) => {
      if (!model.has(key)) stored(model, key, value);
      return valueIn(model, key);
    },
  },
  getMulti: {
    alone: true,
    many: true,
    run: async (client, step) => {
      const found = await client.getMulti(keysOf(step));
      return [found.errors.size, ...[...found].map(([key, { value }]) => [key, trimmed(value)]).sort()];
    },
    expect: (model, step) => {
      const there = keysOf(step).filter((key) => model.has(key));
      return [0, ...there.map((key) => [key, valueIn(model, key)]).sort()];
    },
  },
  setMulti: {
    alone: true,
    many: true,
    run: async (client, step) => {
      const done = await client.setMulti(keysOf(step).map((key) => [key, step.value]));
      return [done.errors.size, [...done.values()]];
    },
    expect: (model, step) => [0, keysOf(step).map((key) => stored(model, key, step.value))],
  },
  deleteMulti: {
    alone: true,
    many: true,
    run: async (client, step) => {
      const done = await client.deleteMulti(keysOf(step));
      return [done.errors.size, keysOf(step).map((key) => done.get(key))];
    },
    expect: (model, step) => [0, keysOf(step).map((key) => model.delete(key))],
  },
};

/** Steps to be begun at once, on keys of a protocol. */
export function batches(keys: readonly string[]): fc.Arbitrary<Step[]> {
  const key = fc.constantFrom(...keys);
  const step = fc.record({
    command: fc.constantFrom(...Object.keys(COMMAND_LIST)),
    // Some keys often, so that commands meet on them.
    key: fc.oneof(fc.constantFrom(keys[0] as string, 'END', '0', keys.at(-1) as string), key),
    value: fc.constantFrom(...VALUES),
    amount: fc.constantFrom(0n, 1n, 7n, 2n ** 53n),
    more: fc.array(key, { maxLength: 5 }),
  });
  return fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });
}

/** A text for what a command came to, by which two outcomes are compared. */
export function shown(outcome: unknown): string {
  return JSON.stringify(outcome, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

export function trimmedText(value: Buffer | null): string | null {
  return trimmed(value);
}
