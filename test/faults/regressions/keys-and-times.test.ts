import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, Utils } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { failure } from '../../support/outcomes.ts';
import { useClients } from '../clients.ts';

const clients = useClients();
let server: Memcached;
let client: Client;

beforeAll(async () => {
  server = await startMemcached();
  client = Client.create(server.address, { timeout: 5 });
});

afterAll(async () => {
  client.close();
  await server.stop();
});

test('250-byte keys pass, 251 fail, 249 characters of 2 bytes fail', async () => {
  expect(await client.set('k'.repeat(250), 'value')).toBe(true);
  expect((await client.get('k'.repeat(250))).value?.toString()).toBe('value');
  expect(await client.set('ä'.repeat(125), 'value')).toBe(true);
  for (const [key, bytes] of [
    ['k'.repeat(251), 251],
    ['ä'.repeat(249), 498],
    [`${'k'.repeat(249)}ä`, 251],
    [`${'k'.repeat(248)}€`, 251],
  ] as const) {
    const error = await failure(client.set(key, 'value'));
    expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_INVALID_KEY' });
    expect(error.message).toContain(`${bytes} bytes`);
    expect(error.message).not.toContain('kkk');
    expect(error.message).not.toContain('ä');
  }
});

test.each([['a b'], ['a\rb'], ['a\nb'], ['a\r\nset x 0 0 1\r\n1'], ['a\0b'], [' '], ['\0']])(
  'white space and control characters work in keys: %j',
  async (key) => {
    expect(await client.set(key, `value of ${key}`)).toBe(true);
    expect((await client.get(key)).value?.toString()).toBe(`value of ${key}`);
    expect((await client.get('x')).value).toBeNull();
    expect(await client.delete(key)).toBe(true);
  },
);

test.each([
  ['2^31', 2 ** 31 - 5],
  ['2^32', 2 ** 32 - 5],
])('seq goes past %s', async (_what, start) => {
  const counting = clients.create(server.address);
  counting.seq = start;
  for (let step = 0; step < 10; step++) {
    expect(await counting.set('22', `${step}`)).toBe(true);
    expect((await counting.get('22')).value?.toString()).toBe(`${step}`);
    expect(counting.seq).toBe((start + 2 * step + 2) % 2 ** 32);
  }
});

test('frames with an opaque past 2^31 find their responses', async () => {
  const counting = clients.create(server.address);
  await counting.set('22', 'value');
  counting.seq = 2 ** 31 - 3;
  for (let step = 0; step < 6; step++) {
    counting.incrSeq();
    const { seq } = counting;
    const frame = Utils.makeRequestBuffer(0, '22', '', '', seq);
    const found = await new Promise<string>((resolve, reject) => {
      counting.perform('22', frame, seq, (error, message) => (error ? reject(error) : resolve(String(message?.val))));
    });
    expect(found).toBe('value');
  }
});

test('an expiration of 3,600,000, milliseconds by mistake, is logged once and the value is kept', async () => {
  const logging = clients.create(server.address);
  for (let step = 0; step < 3; step++) {
    expect(await logging.set('23', 'value', { expires: 3_600_000 })).toBe(true);
    expect((await logging.get('23')).value?.toString()).toBe('value');
  }
  await logging.touch('23', 3_600_000);
  expect(clients.log).toHaveLength(1);
  expect(clients.log[0]).toMatch(/3600000.*seconds, not milliseconds/);
});

test('as the default expiration it is logged too', async () => {
  const logging = clients.create(server.address, { expires: 3_600_000 });
  await logging.set('23', 'value');
  await logging.set('23', 'value');
  expect(clients.log).toHaveLength(1);
  expect(clients.log[0]).toMatch(/3600000/);
});
