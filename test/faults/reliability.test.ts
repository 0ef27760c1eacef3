import { afterAll, expect, test } from 'vitest';
import { casesOf } from '../reliability/matrix.ts';
import { repairCasesOf } from '../reliability/repair/cases.ts';
import { Runner } from '../reliability/runner.ts';
import { ZEROS } from '../reliability/watch.ts';

/** The short form of `npm run test:faults`, which has the others. */
const CASES = [
  'mix/binary/3/failover/4',
  'mix/meta/1/stay/1',
  'mix/classic/3/stay/1',
  'closed/meta/3/failover/1',
  'reset/classic/1/stay/4',
  'black-hole/binary/3/stay/4',
  'killed/meta/3/failover/4',
  'memory-server/binary/1/stay/1',
  'memory-server/meta/3/failover/1',
  'pieces/classic/1/stay/1',
  'tls/binary/1/stay/1',
  'dns/meta/3/stay/1',
] as const;
/** That of its part `repair`. */
const REPAIR_CASES = [
  'repair/flapping/meta/failover/with',
  'repair/stopped/binary/gutter/with',
  'repair/refused/classic/none/with',
];
const SEED = 20;

const runner = new Runner({ duration: 450, lanes: 128 });
/** For a machine that is so busy that next to nothing came to pass in that time. */
const longRunner = new Runner({ duration: 9000, lanes: 128 });
afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  await longRunner[Symbol.asyncDispose]();
});

test.each(CASES)(
  'errors, but never wrong data, hangs or crashes: %s',
  async (name) => {
    const [chosen] = casesOf({ seed: SEED, only: name });
    if (chosen === undefined) throw new Error(`There is no case ${name}`);
    let answered = 0;
    for (const some of [runner, longRunner]) {
      const { tally, findings } = await some.run(chosen);
      expect(findings).toEqual([]);
      expect(Object.fromEntries(ZEROS.map((zero) => [zero, tally[zero]]))).toEqual(
        Object.fromEntries(ZEROS.map((zero) => [zero, 0])),
      );
      answered += tally.commands - tally.errors;
      if (answered > 100) break;
    }
    expect(answered).toBeGreaterThan(100);
  },
  60_000,
);

test.each(REPAIR_CASES)('no old values when all keys are repaired: %s', async (name) => {
  const [chosen] = repairCasesOf({ seed: SEED, only: name });
  if (chosen === undefined) throw new Error(`There is no case ${name}`);
  const { tally, findings, staleness } = await runner.run(chosen);
  expect(findings).toEqual([]);
  expect(tally.stale).toBe(0);
  expect(staleness?.reads).toBeGreaterThan(1000);
  expect(staleness?.repaired).toBeGreaterThan(0);
});
