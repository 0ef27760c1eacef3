import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { CAN } from '../../support/subject.ts';
import { eventually } from '../../support/wait.ts';
import { type Answer, PROTOCOLS } from './orders.ts';
import { Processes } from './processes.ts';

const PROCESSES = 8;
const CALLERS = 200;

/** Writes of all processes together; `npm run test:stampede` does more. */
const ROUNDS = Number(process.env.MEMTS_ROUNDS ?? 1000);
const WRITES = ['delete', 'set', 'invalidate'] as const;

const values = (answers: readonly Answer[]): string[] => [...new Set(answers.flatMap((answer) => answer.values))];
const longest = (answers: readonly Answer[]): number => Math.max(...answers.map((answer) => answer.longest));

let server: Memcached;
let processes: Processes;

beforeAll(async () => {
  server = await startMemcached();
  processes = await Processes.start(PROCESSES, server.address);
}, 30_000);

afterAll(async () => {
  processes[Symbol.dispose]();
  await server.stop();
});

describe.each(PROTOCOLS.filter((protocol) => CAN.protocols.includes(protocol)))('8 processes over %s', (protocol) => {
  let client: Client;

  beforeAll(async () => {
    client = Client.create(server.address, { protocol });
    await client.flush();
    await processes.fill(PROCESSES);
  }, 30_000);

  afterAll(() => client.quit());

  /** Keys of its own for each protocol: a refresh may still be under way when the next one begins. */
  const named = (key: string): string => `${protocol}-${key}`;

  const computations = async (key: string): Promise<number> =>
    Number((await client.get(`${key}-computations`)).value ?? 0);

  /** How many keys were computed how often. */
  const computationsOfMany = async ({ key, count }: { key: string; count: number }): Promise<Map<string, number>> => {
    const keys = Array.from({ length: count }, (_, index) => `${key}-${index}-computations`);
    const times = new Map<string, number>();
    for (const { value } of (await client.getMulti(keys)).values()) {
      times.set(String(value), (times.get(String(value)) ?? 0) + 1);
    }
    return times;
  };

  it('of 200 callers each ask for one cold key: it is computed once', async () => {
    const order = {
      protocol,
      ask: true,
      key: named('cold'),
      callers: CALLERS,
      takes: 300,
      expires: 60,
      staleFor: 0,
      lockFor: 10,
    } as const;
    const answers = await processes.all(order);
    expect(answers).toHaveLength(PROCESSES);
    expect(values(answers)).toEqual(['value 1']);
    expect(await computations(named('cold'))).toBe(1);
    expect(longest(answers)).toBeLessThan(3000);
  });

  it('with staleFor, nobody waits for the new value', async () => {
    const times = { protocol, ask: true, key: named('stale'), expires: 60, staleFor: 60, lockFor: 10 } as const;
    await processes.all({ ...times, callers: 1, takes: 0 });
    // As if it had expired.
    await client.touch(named('stale'), 30);
    await client.delete(named('stale:fresh'));
    const takes = 3000;
    const answers = await processes.all({ ...times, callers: CALLERS, takes });
    expect(values(answers)).toEqual(['value 1']);
    expect(longest(answers)).toBeLessThan(takes / 2);
    await eventually(async () => expect(await computations(named('stale'))).toBe(2));
  });

  it(
    'write keys in many ways while all compute their values: nothing from before a write is stored or returned after it',
    async () => {
      const answers = await processes.all({
        protocol,
        rounds: ROUNDS / PROCESSES,
        key: named('written'),
        writes: WRITES,
      });
      expect(answers).toHaveLength(PROCESSES);
      expect(answers.flatMap(({ outdated }) => outdated)).toEqual([]);
    },
    Math.max(60_000, ROUNDS * 10),
  );

  it('of getOrSetMulti ask for overlapping thousands of keys: each is computed once', async () => {
    const count = 2000;
    const order = { protocol, many: true, key: named('many'), count, size: 250, takes: 50, lockFor: 10 } as const;
    const answers = await processes.all(order);
    expect(answers).toHaveLength(PROCESSES);
    // Whatever is wrong or missing.
    expect(values(answers)).toEqual([]);
    expect(await computationsOfMany(order)).toEqual(new Map([['1', count]]));
  }, 30_000);

  it.runIf(protocol === 'classic')(
    'of getOrSetMulti, when one is killed that computes: its keys are computed by others, after lockFor',
    async () => {
      const order = { protocol, many: true, key: named('lost'), count: 400, size: 50, takes: 300, lockFor: 1 } as const;
      processes.computing = undefined;
      const start = performance.now();
      const asked = processes.all(order);
      await eventually(() => processes.computing !== undefined);
      processes.killComputing();
      const answers = await asked;
      expect(answers).toHaveLength(PROCESSES - 1);
      expect(values(answers)).toEqual([]);
      expect(performance.now() - start).toBeGreaterThan(order.lockFor * 1000);
      expect(performance.now() - start).toBeLessThan((order.lockFor + 1) * 1000 + 600 + 3000);
      const times = await computationsOfMany(order);
      expect([...times.keys()].sort()).toEqual(['1', '2']);
      expect(times.get('2')).toBeLessThanOrEqual(100);
      await processes.fill(PROCESSES);
    },
    30_000,
  );

  it('update a counter 1,000 times each: the sum is exact', async () => {
    await processes.all({ protocol, add: true, key: named('sum'), times: 1000 });
    expect((await client.get(named('sum'))).value?.toString()).toBe(String(PROCESSES * 1000));
  }, 30_000);

  it('when the winner is killed, it is computed once more, after lockFor', async () => {
    const lockFor = 1;
    processes.computing = undefined;
    const start = performance.now();
    const asked = processes.all({
      protocol,
      ask: true,
      key: named('killed'),
      callers: CALLERS,
      takes: 300,
      expires: 60,
      staleFor: 0,
      lockFor,
    });
    await eventually(() => processes.computing !== undefined);
    processes.killComputing();
    const answers = await asked;
    expect(answers).toHaveLength(PROCESSES - 1);
    expect(values(answers)).toEqual(['value 2']);
    expect(await computations(named('killed'))).toBe(2);
    expect(performance.now() - start).toBeGreaterThan(lockFor * 1000);
    expect(performance.now() - start).toBeLessThan((lockFor + 1) * 1000 + 400 + 2000);
  });
});
