import type { Reporter } from 'vitest/node';
import { MEMCACHEDS } from './memcacheds.ts';

/** Says at the end of a run which memcacheds are not at hand, since their tests were skipped. */
export default class MissingVersions implements Reporter {
  onTestRunEnd(): void {
    const missing = MEMCACHEDS.filter(({ program }) => program === undefined).map(({ name }) => name);
    if (missing.length === 0) return;
    console.log(`Skipped: the tests of memcached ${missing.join(', ')} ("npm run servers" says why)\n`);
  }
}
