import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeEach } from 'vitest';
import { Client } from '../../src/index.ts';
import { startMemcached } from '../support/memcached.ts';

/** A client of a server for a file of tests, which is empty before each test. */
export async function useClient(): Promise<Client> {
  const server = await startMemcached();
  const client = Client.create(server.address);
  beforeEach(() => client.flush());
  afterAll(async () => {
    await client.quit();
    await server.stop();
  });
  return client;
}

/** What a host answers: its status and those of its headers that tell of limits. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
}

/** Asks the app so many times, one after another, as a user named by a header. */
export async function ask(url: string, count: number, user = 'ada', path = '/'): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let i = 0; i < count; i++) {
    const response = await fetch(url + path, { headers: { 'x-user': user } });
    await response.arrayBuffer();
    const headers = [...response.headers].filter(([name]) => /ratelimit|retry-after/.test(name));
    answers.push({ status: response.status, headers: Object.fromEntries(headers) });
  }
  return answers;
}

export function statuses(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status);
}

/** A server of Node.js that listens, by its address; stopped with the block. */
export async function listening(
  server: Server & { closeAllConnections?: () => void },
): Promise<{ url: string } & AsyncDisposable> {
  if (!server.listening) await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
