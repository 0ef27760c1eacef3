import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasMemcached } from '../support/memcacheds.ts';
import { Differential, VERSION } from './differential.ts';
import { expiringSequences, sequences } from './sequences.ts';

describe.skipIf(!hasMemcached(VERSION))(`MemoryServer beside memcached ${VERSION}`, () => {
  let differential: Differential;
  beforeAll(async () => {
    differential = await Differential.start();
  });
  afterAll(() => differential[Symbol.asyncDispose]());

  test('random commands are answered alike by memcached and MemoryServer', async () => {
    await fc.assert(
      fc.asyncProperty(sequences(40), (sequence) => differential.compare(sequence)),
      { numRuns: 200 },
    );
    expect(differential.tally.commands).toBeGreaterThan(2_000);
  }, 30_000);

  test('items expire alike', async () => {
    const [plan] = fc.sample(expiringSequences(300), 1);
    if (plan === undefined) throw new Error('no sample');
    await differential.compareAfter(plan.first, 1_100, plan.second);
  }, 15_000);

  test('a delayed flush comes alike', async () => {
    const text = (...commands: string[]) => ({
      protocol: 'text' as const,
      commands: commands.map((line) => Buffer.from(line)),
    });
    await differential.compareAfter(
      text('set a 0 0 1\r\nx\r\n', 'flush_all 2\r\n', 'get a\r\n', 'set b 0 0 1\r\nx\r\n'),
      2_100,
      text('get a b\r\n', 'set a 0 0 1\r\ny\r\n', 'get a\r\n'),
    );
  }, 15_000);
});
