import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TABLES } from '../../../../scripts/simulate.ts';

const PAGE = readFileSync(new URL('../../../../docs/clusters.md', import.meta.url), 'utf8');

/** Those that take ten seconds each: `npm run simulate -- --check` compares all of them. */
const LONG = ['balance', 'failover'];
const NAMES = Object.keys(TABLES).filter((name) => !LONG.includes(name));

// `npm run simulate -- --write` puts the tables there.
describe('the tables of docs/clusters.md are those of the simulation', () => {
  it.each(NAMES)('%s', { timeout: 60_000 }, (name) => {
    expect(PAGE).toContain(`<!-- simulate: ${name} -->\n\n${TABLES[name]?.()}\n\n<!-- end -->`);
  });
});
