import { afterEach, expect, it, vi } from 'vitest';
import { pause } from '../../../src/client/commands/update.ts';
import { Client } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';

afterEach(() => vi.restoreAllMocks());

/** How long the longest pause after `attempt` attempts is, where the last one took so many milliseconds. */
async function longest(attempt: number, took: number): Promise<number> {
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  const began = performance.now();
  await pause(attempt, began - took);
  return performance.now() - began;
}

it('waits a moment after a conflict where attempts take no time', async () => {
  expect(await longest(1, 0)).toBeLessThan(200);
});

it('waits longer than the attempts of the others take', async () => {
  expect(await longest(1, 100)).toBeGreaterThan(190);
  expect(await longest(3, 100)).toBeGreaterThan(790);
});

it('waits no more than about a second', async () => {
  const took = await longest(8, 5000);
  expect(took).toBeGreaterThan(990);
  expect(took).toBeLessThan(2000);
});

it('a pause of an update ends when its signal is aborted', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  const server = await MemoryServer.start();
  const client = Client.create(server.address);
  const controller = new AbortController();
  const reason = new Error('aborted');
  const change = async (): Promise<string> => {
    // A pause of as long as can be follows.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await client.set('key', 'of another');
    setTimeout(() => controller.abort(reason), 100);
    return 'value';
  };
  const began = performance.now();
  await expect(client.update('key', change, { signal: controller.signal })).rejects.toBe(reason);
  expect(performance.now() - began).toBeLessThan(1400);
  client.close();
  await server.stop();
});
