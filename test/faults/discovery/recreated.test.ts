import { beforeEach, expect, test, vi } from 'vitest';
import { type Discovery, elasticache } from '../../../src/index.ts';
import { startRogueServer } from '../../support/rogue-server.ts';

let passed = 0;
vi.mock('../../../src/clock.ts', async (original) => {
  const clock = await original<typeof import('../../../src/clock.ts')>();
  return { ...clock, monotonicNow: () => clock.monotonicNow() + passed };
});
beforeEach(() => {
  passed = 0;
});

/** A configuration endpoint that answers with what it is to. */
async function startEndpoint(block: string) {
  const state = { block };
  const server = await startRogueServer((socket) => {
    socket.once('data', () => socket.write(`CONFIG cluster 0 ${state.block.length}\r\n${state.block}\r\nEND\r\n`));
  });
  const tell = (block: string): void => {
    state.block = block;
  };
  return Object.assign(server, { tell });
}

async function hosts(source: Discovery): Promise<string> {
  return (await source.discover()).map(({ host }) => host).join();
}

test('a cluster that was created again counts from 1: its list is taken when it has been there for three minutes', async () => {
  await using endpoint = await startEndpoint('57\nold||1\n');
  const source = elasticache({ endpoint: endpoint.address });
  expect(await hosts(source)).toBe('old');
  endpoint.tell('1\nnew||1\n');
  for (const _ of [1, 2, 3]) {
    expect(await hosts(source)).toBe('old');
    passed += 59_000;
  }
  endpoint.tell('2\nnew||1 newer||1\n');
  expect(await hosts(source)).toBe('old');
  passed += 4000;
  expect(await hosts(source)).toBe('new,newer');
  // From here on its numbers are the ones that count.
  endpoint.tell('1\nnew||1\n');
  expect(await hosts(source)).toBe('new,newer');
  endpoint.tell('3\nnewest||1\n');
  expect(await hosts(source)).toBe('newest');
});

test('a node that lags behind is not believed while any other tells the newer list', async () => {
  await using endpoint = await startEndpoint('9\nnewer||1\n');
  const source = elasticache({ endpoint: endpoint.address });
  for (const _ of [1, 2, 3]) {
    endpoint.tell('9\nnewer||1\n');
    expect(await hosts(source)).toBe('newer');
    endpoint.tell('8\nolder||1\n');
    for (const __ of [1, 2, 3]) {
      passed += 59_000;
      expect(await hosts(source)).toBe('newer');
    }
  }
});

test('two answers alone, far apart, are not enough', async () => {
  await using endpoint = await startEndpoint('9\nnewer||1\n');
  const source = elasticache({ endpoint: endpoint.address });
  expect(await hosts(source)).toBe('newer');
  endpoint.tell('1\nolder||1\n');
  expect(await hosts(source)).toBe('newer');
  passed += 3_600_000;
  expect(await hosts(source)).toBe('newer');
  expect(await hosts(source)).toBe('older');
});
