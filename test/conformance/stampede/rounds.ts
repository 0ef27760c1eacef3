import type { Client } from '../../../src/index.ts';
import { sleep } from '../../support/wait.ts';
import type { Answer, Order, Place, Write } from './orders.ts';

/** Old values are served to everybody, so that there are refreshes as well. */
const OPTIONS = { expires: 60, staleFor: 60, lockFor: 10 };

/** How long it may take until an invalidated value has been replaced, in milliseconds. */
const REPLACED_WITHIN = 5000;

type Rounds = Extract<Order, { rounds: number }> & Place;

/**
 * Each process has one key whose source it changes, and all compute the values of all keys from their sources meanwhile:
 * the source's version when the computation began. A write behind a change of the source then leaves nothing older.
 */
export async function writeRounds(client: Client, { key, rounds, writes, index, processes }: Rounds): Promise<Answer> {
  const keys = Array.from({ length: processes }, (_, process) => `${key}-${process}`);
  const mine = keys[index] as string;
  let written = false;
  const reading = readAll(client, keys, () => written);
  const outdated: string[] = [];
  for (let round = 0; round < rounds; round++) {
    // So that this process, or another one, computes while it is written.
    if (round % 2 === 0) await client.delete(mine);
    const beside = client.getOrSet(mine, () => compute(client, mine), OPTIONS);
    await sleep(Math.random() * 2);
    const { value: version } = await client.increment(sourceOf(mine), 1, { initial: 1 });
    const write = writes[Math.floor(Math.random() * writes.length)] as Write;
    const found = await WRITES[write](client, mine, version as number);
    await beside;
    if (found !== undefined) outdated.push(`round ${round}, ${write}: ${found}, not ${version}`);
  }
  written = true;
  await reading;
  return { values: [], longest: 0, outdated };
}

/** What a write does, and what is found after it that should not be. */
const WRITES: Readonly<Record<Write, (client: Client, key: string, version: number) => Promise<string | undefined>>> = {
  delete: async (client, key, version) => {
    await client.delete(key);
    return checkNow(client, key, version);
  },
  set: async (client, key, version) => {
    await client.set(key, `${version}`, { expires: OPTIONS.expires + OPTIONS.staleFor });
    return checkNow(client, key, version);
  },
  invalidate: async (client, key, version) => {
    await client.invalidate(key, { staleFor: OPTIONS.staleFor });
    // The old value is served on. One that was stored from before the invalidation would be fresh, and stay.
    const deadline = performance.now() + REPLACED_WITHIN;
    for (;;) {
      const value = String(await client.getOrSet(key, () => compute(client, key), OPTIONS));
      if (Number(value) >= version) return undefined;
      if (performance.now() > deadline) return value;
    }
  },
};

async function checkNow(client: Client, key: string, version: number): Promise<string | undefined> {
  const { value } = await client.get(key);
  if (value !== null && Number(value) < version) return `stored ${value}`;
  const made = String(await client.getOrSet(key, () => compute(client, key), OPTIONS));
  return Number(made) < version ? `returned ${made}` : undefined;
}

async function readAll(client: Client, keys: readonly string[], isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    await Promise.all(keys.map((key) => client.getOrSet(key, () => compute(client, key), OPTIONS)));
    await sleep(Math.random() * 2);
  }
}

async function compute(client: Client, key: string): Promise<string> {
  const { value } = await client.get(sourceOf(key));
  await sleep(Math.random() * 3);
  return String(value ?? 0);
}

function sourceOf(key: string): string {
  return `${key}-source`;
}
