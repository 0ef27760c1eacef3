import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached, WITHOUT_BACKGROUND_THREADS } from '../support/memcached.ts';
import { calls, outcome, type Seen } from './calls.ts';
import type { RunningServer } from './client/suite/target.ts';

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;

const SERVERS: [name: string, start: () => Promise<RunningServer>][] = [
  ['memcached', () => startMemcached({ args: WITHOUT_BACKGROUND_THREADS })],
  ['MemoryServer', () => MemoryServer.start()],
];

it.each(SERVERS)(
  'any calls have the same results over every protocol: %s',
  { timeout: 20_000 },
  async (_name, start) => {
    const servers = await Promise.all(PROTOCOLS.map(start));
    const clients = servers.map(({ address }, index) =>
      Client.create(address, { protocol: PROTOCOLS[index], timeout: 5, logger: { log(): void {} } }),
    );
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    console.log(`SEED=${seed}`);
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(calls, async (sequence) => {
          // Keys that no run had before are as good as a fresh server.
          const prefix = `run-${runs++}`;
          const seen: Seen[] = clients.map(() => new Map());
          for (const [at, call] of sequence.entries()) {
            const outcomes = await Promise.all(
              clients.map((client, index) => outcome(call, client, prefix, seen[index] as Seen)),
            );
            for (const [index, each] of outcomes.entries()) {
              expect(each, `${PROTOCOLS[index]}, call ${at}: ${call.name}`).toEqual(outcomes[0]);
            }
          }
        }),
        { seed, numRuns: 150, interruptAfterTimeLimit: 8_000 },
      );
      expect(runs).toBeGreaterThan(10);
    } finally {
      for (const client of clients) client.close();
      await Promise.all(servers.map((server) => server.stop()));
    }
  },
);
