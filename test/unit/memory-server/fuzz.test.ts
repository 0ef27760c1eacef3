import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FuzzTarget, inputs } from '../../support/memory-server-fuzz.ts';

test('mutated inputs neither throw nor make anything grow past its bounds', () => {
  const target = new FuzzTarget();
  fc.assert(
    fc.property(inputs, (input) => target.feed(input)),
    { numRuns: 5_000 },
  );
  // The inputs got through to the store, not only to error replies.
  expect(target.store.counters.total_items).toBeGreaterThan(100);
  expect(target.store.counters.cmd_get).toBeGreaterThan(100);
});
