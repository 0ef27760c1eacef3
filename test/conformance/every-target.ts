import { once } from 'node:events';
import { connect } from 'node:net';
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

/** How many seconds the item of a key has left, as the server tells it by itself: -1 for ever, undefined for no item. */
export async function timeLeft(target: Target, key: string): Promise<number | undefined> {
  const { host, port } = target.description.server;
  const socket = connect({ host, port });
  socket.write(`mg ${key} t\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  // Old meta says OK where it is HD now.
  const found = /^(?:HD|OK) t(-?\d+)/.exec(String(answer));
  return found ? Number(found[1]) : undefined;
}
