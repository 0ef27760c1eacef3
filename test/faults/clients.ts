import { afterEach, expect } from 'vitest';
import { Client, type ClientOptions, type ServerOptions } from '../../src/index.ts';
import { type Failure, failure } from '../support/outcomes.ts';

export type Options = ClientOptions<string | Uint8Array, Buffer | null> & ServerOptions;

/** How much later than promised a response may come on a busy machine, in milliseconds. */
export const SLACK = 250;

/** Makes clients of the binary protocol, which the misbehaving servers here speak, that log into `log` and are closed at the end of the test. */
export class Clients {
  readonly #clients: Client[] = [];
  log: string[] = [];
  readonly logger = { log: (...parts: unknown[]): void => void this.log.push(String(parts[0])) };

  create(address: string, options: Options = {}): Client {
    const client = Client.create(address, { logger: this.logger, protocol: 'binary', ...options });
    this.#clients.push(client);
    return client;
  }

  closeAll(): void {
    for (const client of this.#clients.splice(0)) client.close();
    this.log = [];
  }
}

export function useClients(): Clients {
  const clients = new Clients();
  afterEach(() => clients.closeAll());
  return clients;
}

/** The error that a promise rejects with, which has to come between `from` and `to` milliseconds from now. */
export async function failureWithin(promise: Promise<unknown>, from: number, to: number): Promise<Failure> {
  const start = performance.now();
  const error = await failure(promise);
  const taken = performance.now() - start;
  // Timers may be early by a millisecond, as they count whole ones.
  expect(taken).toBeGreaterThanOrEqual(from - 2);
  expect(taken).toBeLessThan(to);
  return error;
}

/** The result of a promise, which has to come within `to` milliseconds. */
export async function resultWithin<T>(promise: Promise<T>, to: number): Promise<T> {
  const start = performance.now();
  const result = await promise;
  expect(performance.now() - start).toBeLessThan(to);
  return result;
}
