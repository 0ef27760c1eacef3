import { keyvApiTests, keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import * as vitest from 'vitest';
import { KeyvMemts } from '../../src/adapters/keyv.ts';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';

/** Those of Keyv's own tests that memcached can't pass, each with the reason. */
const SKIPPED: Readonly<Record<string, string>> = {
  '.iterator() returns an asyncIterator': 'memcached lists no keys',
  'iterator() iterates over all values': 'memcached lists no keys',
  "iterator() doesn't yield values from other namespaces": 'memcached lists no keys',
  "iterator() doesn't yield expired values, and deletes them": 'memcached lists no keys',
};
const skipped = new Set<string>();

/** Vitest, as the suite wants it handed over, less what is skipped. */
const test = {
  ...vitest,
  it: (name: string, run: (context: vitest.TestContext) => unknown) => {
    if (SKIPPED[name] === undefined) return vitest.it(name, run);
    skipped.add(name);
    return vitest.it.skip(`${name} (${SKIPPED[name]})`, run);
  },
} as typeof vitest;

const server = await startMemcached();
const client = Client.create(server.address);
const store = () => new KeyvMemts(client);

vitest.afterAll(async () => {
  await client.quit();
  await server.stop();
});

vitest.describe('values', () => keyvValueTests(test, Keyv, store));
vitest.describe('commands', () => keyvApiTests(test, Keyv, store));
vitest.describe('namespaces', () => keyvNamespaceTest(test, Keyv, store));
vitest.describe('iterator', () => keyvIteratorTests(test, Keyv, store));

vitest.it('skips no test that is not there any more', () => {
  vitest.expect([...skipped]).toEqual(Object.keys(SKIPPED));
});
