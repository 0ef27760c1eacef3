import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TABLES } from '../../../../scripts/simulate.ts';

const PAGE = readFileSync(new URL('../../../../docs/clusters.md', import.meta.url), 'utf8');

// `npm run simulate -- --write` puts the tables there.
describe('the tables of docs/clusters.md are those of the simulation', () => {
  it.each(Object.keys(TABLES))('%s', { timeout: 60_000 }, (name) => {
    expect(PAGE).toContain(`<!-- simulate: ${name} -->\n\n${TABLES[name]?.()}\n\n<!-- end -->`);
  });
});
