import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which the system takes the local ports of outgoing connections (32768 and up on Linux, 49152
// and up elsewhere): a port from that range could be taken by anybody's connection while its server restarts.
const FIRST = 15_000;
const END = 32_000;
const handedOut = new Set<number>();

/** A TCP port of 127.0.0.1 on which nobody listens. No port is given twice in a process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
}

/** Whether a server could listen on that port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
