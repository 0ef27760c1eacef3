import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import type { Options, RunningServer } from '../client/suite/target.ts';
import { KINDS } from '../client/targets.ts';

const SILENT = { log: (): void => {} };

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function create(address: string, options: Options = {}): Client {
  const client = Client.create(address, { conntimeout: 1, logger: SILENT, ...options });
  clients.push(client);
  return client;
}

/** What a client has found out. */
function protocols(client: Client): unknown[] {
  return client.servers.map((server) => ('protocol' in server ? server.protocol : undefined));
}

describe.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', (_name, { start, can, user }) => {
  const { protocols: speaks, found } = can;
  let server: RunningServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  it(`is found to speak ${found}`, async () => {
    const client = create(server.address, user);
    expect(protocols(client)).toEqual([undefined]);
    const begin = performance.now();
    expect(await client.set('key', 'value')).toBe(true);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(protocols(client)).toEqual([found]);
    expect((await client.get('key')).value?.toString()).toBe('value');
  });

  it('is spoken to in the protocol that is named', async () => {
    for (const protocol of speaks) {
      const client = create(server.address, { protocol, ...user });
      expect(await client.set('key', protocol)).toBe(true);
      expect(protocols(client)).toEqual([protocol]);
    }
  });

  if (user === undefined && can.flush) {
    it('takes credentials that it does not ask for, and keeps nothing of them', async () => {
      const client = create(server.address, { username: 'alice', password: 'secret' });
      expect(await client.flush()).toEqual({ [server.address]: true });
      expect(await client.get('key')).toEqual({ value: null, flags: null });
      expect(protocols(client)).toEqual([speaks.includes('binary') ? 'binary' : found]);
      for (const key of ['memts', 'alice']) expect((await client.get(key)).value).toBeNull();
    });
  }

  it('is asked by connect() too', async () => {
    const client = create(server.address, user);
    await client.connect();
    expect(protocols(client)).toEqual([found]);
  });
});

it('is found out for each server of a client by itself', async () => {
  const kinds = KINDS.filter(({ user }) => user === undefined);
  const servers = await Promise.all(kinds.map(({ start }) => start()));
  const client = create(servers.map(({ address }) => address).join());
  await client.connect();
  expect(protocols(client)).toEqual(kinds.map(({ can }) => can.found));
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
  const values = await Promise.all(keys.map(async (key) => (await client.get(key)).value?.toString()));
  expect(values).toEqual(keys.map((key) => `value of ${key}`));
  await Promise.all(servers.map((server) => server.stop()));
});
