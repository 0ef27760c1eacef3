import { once } from 'node:events';
import { connect } from 'node:net';
import { type Client, MemcacheError } from '../../src/index.ts';

export type Failure = Error & { code?: string; server?: string };

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Failure> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error as Failure;
  throw new Error(`resolved with ${JSON.stringify(outcome.value)} instead of rejecting`);
}

/** What a promise resolves or rejects with. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/** What a command hands its callback; fails when it gave a promise as well, or called back before it returned. */
export function called(call: (callback: (...args: unknown[]) => void) => unknown): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    let returned = false;
    const result = call((...args) => {
      if (returned) resolve(args);
      else reject(new Error('the callback was called before the command returned'));
    });
    returned = true;
    if (result !== undefined) reject(new Error('a callback was given, and something was returned besides'));
  });
}

/** The error of the client that something throws. */
export function thrownBy(run: () => unknown): MemcacheError {
  try {
    run();
  } catch (error) {
    if (error instanceof MemcacheError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** How many seconds the item of a key has left, as the server tells it by itself: -1 for ever, undefined for no item. */
export async function timeLeft(
  server: { readonly host: string; readonly port: number },
  key: string,
): Promise<number | undefined> {
  const socket = connect({ host: server.host, port: server.port });
  socket.write(`mg ${key} t\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  // Old meta says OK where it is HD now.
  const found = /^(?:HD|OK) t(-?\d+)/.exec(String(answer));
  return found ? Number(found[1]) : undefined;
}

/** The protocol that a client speaks with its first server; undefined while it has not found out. */
export function protocolOf(client: Client): string | undefined {
  const [server] = client.servers;
  return server !== undefined && 'protocol' in server ? server.protocol : undefined;
}
