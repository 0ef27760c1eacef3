import { describe } from 'vitest';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { startMemcached } from '../support/memcached.ts';
import { type Abilities, CAN, CHOSEN, EVERYTHING, SUBJECT } from '../support/subject.ts';
import { type RunningServer, type Target, useTarget } from './client/suite/target.ts';

/** What the server that the suites run against speaks. */
export const PROTOCOLS = CAN.protocols;

const SERVERS: readonly [name: string, start: () => Promise<RunningServer>, can: Abilities][] = [
  [SUBJECT.name, () => startMemcached(), CAN],
  ['MemoryServer', () => MemoryServer.start(), EVERYTHING],
];

/** The same cases over each protocol, with memcached and with MemoryServer. */
export function describeEverywhere(cases: (target: Target) => void): void {
  for (const [name, start, can] of CHOSEN ? SERVERS.slice(0, 1) : SERVERS) {
    for (const protocol of can.protocols) {
      describe(`${name}, ${protocol}`, () => {
        cases(useTarget(protocol, async () => ({ server: await start(), options: { protocol } }), can));
      });
    }
  }
}

/** Further servers of the same kind as the target's, stopped at the end of the block. */
export async function startMore(target: Target, count: number): Promise<RunningServer[] & AsyncDisposable> {
  const inProcess = target.description.server instanceof MemoryServer;
  const start = (): Promise<RunningServer> => (inProcess ? MemoryServer.start() : startMemcached());
  const servers = await Promise.all(Array.from({ length: count }, () => start()));
  return Object.assign(servers, {
    [Symbol.asyncDispose]: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  });
}
