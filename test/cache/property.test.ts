import { expect, it } from 'vitest';
import { runProperty } from './property/run.ts';

// `npm run test:cache` is the long form.
it('gives no value that an invalidation, delete, set or clear had ended before it was asked for', async () => {
  const { violations, given, endings, duplicates, operations } = await runProperty(4000, Date.now() % 1_000_000);
  expect(violations.slice(0, 5)).toEqual([]);
  expect(operations).toBeGreaterThanOrEqual(4000);
  // Otherwise there was nothing to see.
  expect(Math.min(given.read, given.getOrSet, endings, duplicates)).toBeGreaterThan(50);
}, 60_000);
