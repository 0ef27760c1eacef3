import { expect, inject, test } from 'vitest';
import { startMemcached } from '../support/memcached.ts';
import { run } from './support/run.ts';

/** Reads 100 keys at a time, four calls at once. */
const PROGRAM = `
import { Client } from 'memts';
const client = Client.create(process.env.SERVER, { timeout: 10 });
const keys = Array.from({ length: 100 }, (_, index) => 'key-' + index);
await client.setMulti(keys.map((key) => [key, 'value']));
const lane = async () => {
  for (let i = 0; i < 200; i++) await client.getMulti(keys);
};
await Promise.all([lane(), lane(), lane(), lane()]);
await client.quit();
`;

test('no call for many keys keeps the next one alive until the whole heap is looked through', async () => {
  await using server = await startMemcached();
  // As it is before the runtime has compiled it, which is where what is kept alive shows most.
  const args = ['--no-opt', '--trace-gc', '--input-type=module', '--eval', PROGRAM];
  const { stdout } = await run(process.execPath, args, inject('ours'), { SERVER: server.address });
  expect(stdout.match(/: Scavenge /g)?.length).toBeGreaterThan(5);
  expect(stdout.match(/: Mark-Compact /g)?.length ?? 0).toBe(0);
});
