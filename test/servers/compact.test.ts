import { describe } from 'vitest';
import { AT_HAND, SUBJECT } from '../support/subject.ts';

// The same suites as in `npm run test:servers`, without what takes its time, in one process for each server.
describe.skipIf(!AT_HAND)(`memcached ${SUBJECT.name}`, () => {
  describe('conformance', async () => void (await import('../conformance/client/auto.test.ts')));
  describe('negotiation', async () => void (await import('../conformance/negotiation/found.test.ts')));
  describe('getOrSet', async () => void (await import('../conformance/get-or-set.test.ts')));
  describe('update', async () => void (await import('../conformance/update.test.ts')));
  describe('many keys', async () => void (await import('../conformance/many/get-multi.test.ts')));
  describe('smuggling', async () => void (await import('../security/smuggling.test.ts')));
  describe('words', async () => void (await import('../security/words.test.ts')));
  describe('TLS', async () => void (await import('../conformance/tls.test.ts')));
  describe('command line', async () => void (await import('../cli/listing.test.ts')));
});
