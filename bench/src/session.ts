import type { Adapter, Setup, Value } from './clients/adapter.ts';
import type { Work } from './measure.ts';
import type { Row } from './row.ts';
import { isRight, looksRight } from './values.ts';

/** How many keys are stored and verified at a time before a row starts. */
const LANES = 16;

/** Stores the values of a row and reads every one of them back in full. */
export async function fill(adapter: Adapter, { keys, values, row }: Setup): Promise<void> {
  await forEach(keys.length, async (index) => {
    const key = keys[index] as string;
    if (!adapter.stored(await adapter.set(key, values[index] as Value, index))) throw new Error('A set was refused');
  });
  if (!row.hit) return;
  const read = async (index: number) =>
    adapter.inspect ? adapter.inspect(index) : adapter.read(await adapter.get(keys[index] as string, index));
  // The raw socket can read one reply at a time.
  await forEach(
    keys.length,
    async (index) => {
      if (!isRight(await read(index), values[index] as Value)) throw new Error('A get gave back another value');
    },
    adapter.inspect ? 1 : LANES,
  );
}

async function forEach(count: number, step: (index: number) => Promise<void>, lanes = LANES): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await step(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** What a row does over and over, and the check of its results. */
export function workOf(adapter: Adapter, setup: Setup): Work {
  const { row } = setup;
  if (row.batch > 1) return multiWork(adapter, setup);
  return row.operation === 'get' ? getWork(adapter, setup) : setWork(adapter, setup);
}

function getWork(adapter: Adapter, { row, readKeys, values }: Setup): Work {
  const check = (value: unknown, index: number) => {
    if (adapter.countsOnly) return;
    if (row.hit ? !looksRight(value, values[index] as Value) : value != null) throw wrong(row.hit);
  };
  const keep = keeper(row);
  const readCallback = adapter.readCallback ?? adapter.read;
  return {
    length: readKeys.length,
    call: (index) => adapter.get(readKeys[index] as string, index),
    check: (result, index) => {
      const value = adapter.read(result);
      check(value, index);
      keep?.(value);
    },
    callCallback: (index, done) => adapter.getCallback?.(readKeys[index] as string, done, index),
    checkCallback: (result, index) => check(readCallback(result), index),
  };
}

/** Keeps the latest results alive, up to the row's bytes. */
function keeper({ kept, size }: Row): ((value: unknown) => void) | undefined {
  if (kept === 0) return undefined;
  const room = new Array<unknown>(Math.floor(kept / size)).fill(undefined);
  let next = 0;
  return (value) => {
    room[next] = value;
    next = next + 1 === room.length ? 0 : next + 1;
  };
}

function setWork(adapter: Adapter, { keys, values }: Setup): Work {
  const check = (result: unknown) => {
    if (!adapter.stored(result)) throw new Error('A set was refused');
  };
  return {
    length: keys.length,
    call: (index) => adapter.set(keys[index] as string, values[index] as Value, index),
    check,
    callCallback: (index, done) => adapter.setCallback?.(keys[index] as string, values[index] as Value, done, index),
    checkCallback: check,
  };
}

function multiWork(adapter: Adapter, { row, batches, keys, values }: Setup): Work {
  const keysOf = batches.map((batch) => batch.map((index) => keys[index] as string));
  const getMulti = row.operation === 'getMulti' ? adapter.getMulti : undefined;
  const getAll = (batch: number) =>
    Promise.all((batches[batch] as number[]).map((index) => adapter.get(keys[index] as string, index)));
  const pick = (result: unknown, key: string, position: number) =>
    getMulti && adapter.pick ? adapter.pick(result, key, position) : adapter.read((result as unknown[])[position]);
  return {
    length: batches.length,
    call: (batch) => (getMulti ? getMulti.call(adapter, keysOf[batch] as string[], batch) : getAll(batch)),
    check(result, batch) {
      if (adapter.countsOnly) return;
      const wanted = keysOf[batch] as string[];
      const indices = batches[batch] as number[];
      for (let i = 0; i < wanted.length; i++) {
        const expected = values[indices[i] as number] as Value;
        if (!looksRight(pick(result, wanted[i] as string, i), expected)) throw wrong(true);
      }
    },
  };
}

function wrong(hit: boolean): Error {
  return new Error(hit ? 'A get gave back another value, or none' : 'A get found a key that was never stored');
}
