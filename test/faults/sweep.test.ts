import { expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';

/** Long enough for each connection's deadlines to be looked through some twenty times. */
const MILLISECONDS = 1500;
const TIMEOUT = 80;

it('calls nothing late that begins while deadlines are looked through', async () => {
  const servers = await Promise.all([MemoryServer.start(), MemoryServer.start()]);
  const client = Client.create(
    servers.map(({ address }) => address),
    { timeout: TIMEOUT / 1000, conntimeout: 2, retries: 1, logger: { log() {} } },
  );
  try {
    await client.connect();
    const end = performance.now() + MILLISECONDS;
    let answered = 0;
    const lane = async (number: number) => {
      for (let i = 0; performance.now() < end; i++) {
        const began = performance.now();
        try {
          await client.get(`key:${number}:${i}`);
          answered++;
        } catch (error) {
          // A machine whose cores are all taken may be late: but never before the time is over.
          expect(performance.now() - began, String(error)).toBeGreaterThanOrEqual(TIMEOUT);
        }
      }
    };
    await Promise.all(Array.from({ length: 32 }, (_, number) => lane(number)));
    expect(answered).toBeGreaterThan(300);
  } finally {
    await client.quit();
    await Promise.all(servers.map((server) => server.stop()));
  }
});
