import type { Client } from '../../../../src/index.ts';
import { eventually } from '../../../support/wait.ts';

/** In seconds: a server that hangs is found out after three of these. */
export const TIMEOUT = 0.1;
export const OPTIONS = { timeout: TIMEOUT, retries: 1, retry_delay: 0.02 };

/** Longer than a command takes that fails at once, and shorter than the timeout, in milliseconds. */
export const AT_ONCE = 80;

/** Sends reads of a key every few milliseconds until its server is down; how long that took, in milliseconds. */
export async function untilHung(client: Client, key = 'key'): Promise<number> {
  const start = performance.now();
  await eventually(
    () => {
      for (let i = 0; i < 3; i++) client.get(key).catch(() => {});
      return Object.values(client.status()).some(({ state }) => state === 'down');
    },
    { interval: 5 },
  );
  return performance.now() - start;
}

/** What a client says of its servers, as it comes. */
export function eventsOf(client: Client): string[] {
  const events: string[] = [];
  client.on('down', (_, error) => events.push(`down ${error.code}`));
  client.on('up', () => events.push('up'));
  return events;
}
