import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { failure } from '../../support/outcomes.ts';
import type { RunningServer } from './suite/target.ts';
import { KINDS } from './targets.ts';

const CONNTIMEOUT = 1;

/** Long enough that a server that only knows frames has a whole header to look at. */
const KEY = 'a-key-of-more-than-twenty-four-bytes';

const SILENT = { log: (): void => {} };

/** Kinds of servers that there is something to refuse for. */
const REFUSING = KINDS.filter(({ can, user }) => can.protocols.length < 3 || user !== undefined);

// A file with nothing to test would fail.
it.skipIf(REFUSING.length === 0)('there is something to refuse', () => {});

describe.each(REFUSING.map((kind) => [kind.name, kind] as const))('%s', (_name, { start, can, user }) => {
  const { protocols: speaks } = can;
  let server: RunningServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  const foreign = (['binary', 'meta', 'classic'] as const).filter((protocol) => !speaks.includes(protocol));

  it.each(foreign)('does not speak %s, and every command ends in time', async (protocol) => {
    const client = Client.create(server.address, { protocol, conntimeout: CONNTIMEOUT, logger: SILENT, ...user });
    const begin = performance.now();
    const errors = await Promise.all([
      failure(client.get(KEY)),
      failure(client.set(KEY, 'a value')),
      failure(client.increment(KEY, 1)),
      failure(client.delete(KEY)),
    ]);
    expect(performance.now() - begin).toBeLessThan(CONNTIMEOUT * 1000);
    // What a proxy does not know it hangs up on, and so does a server of binary frames alone; older forms of meta are recognised.
    const isTold = protocol === 'binary' ? can.steady : speaks.includes('classic');
    const code = isTold ? 'ERR_PROTOCOL' : 'ERR_CONNECT';
    for (const error of errors) expect(error).toMatchObject({ name: 'MemcacheError', code, server: server.address });
    client.close();
  });

  it.each(user === undefined ? [] : [...speaks, 'auto' as const])(
    'refuses %s without credentials, and with wrong ones',
    async (protocol) => {
      for (const given of [
        {},
        { username: 'alice', password: 'wrong-secret' },
        { username: 'al ice', password: 'x' },
      ]) {
        const client = Client.create(server.address, { protocol, conntimeout: CONNTIMEOUT, logger: SILENT, ...given });
        const begin = performance.now();
        for (const error of [await failure(client.set(KEY, 'a value')), await failure(client.get(KEY))]) {
          expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_AUTH', server: server.address });
          expect(error.message).toMatch(/^Memcached server authentication failed!/);
          expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/secret|al ?ice/);
        }
        expect(performance.now() - begin).toBeLessThan(CONNTIMEOUT * 1000);
        client.close();
      }
    },
  );
});
