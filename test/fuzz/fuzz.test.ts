import { expect, test } from 'vitest';
import { ClientTarget } from './client-target.ts';
import { fuzz } from './run.ts';
import { targets } from './targets.ts';

/** `npm run fuzz` takes a million, of other seeds each time. */
const INPUTS = 2000;
const SEED = 20_261_122;

test.each(targets().map((target) => [target.name, target] as const))('%s keeps its promises', (_name, target) => {
  fuzz(target, INPUTS, SEED);
  // The inputs got through to where something is made of them, and not only there.
  for (const count of Object.values(target.counts)) expect(count).toBeGreaterThan(0);
});

test('a broken promise is found', () => {
  const target = new ClientTarget('meta');
  const seen: string[] = [];
  const broken = {
    ...target,
    run: (decisions: Parameters<ClientTarget['run']>[0]) => {
      target.run(decisions);
      if (target.counts.refused > 10) throw new Error('ten were refused');
      seen.push('');
    },
  };
  expect(() => fuzz(broken, INPUTS, SEED)).toThrow(/Property failed after [\s\S]*Counterexample/);
  expect(seen.length).toBeGreaterThan(10);
});
