/**
 * So many requests for each user in a window of time, counted together by all processes.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own, `../src/index.ts` is
 * `memts`, and `../src/rate-limit/index.ts` is `memts/rate-limit`.
 */
import { randomUUID } from 'node:crypto';
import { Client } from '../src/index.ts';
import { rateLimiter } from '../src/rate-limit/index.ts';

const client = Client.create();
// Something random in the prefix, so that this example begins again each time; an app leaves it out.
const prefix = `example ${randomUUID()}`;
const requests = rateLimiter(client, { points: 5, per: 60, prefix });

// However many come at once, each is counted once.
const takes = await Promise.all(Array.from({ length: 8 }, () => requests.take('ada')));
console.log('allowed', takes.filter(({ allowed }) => allowed).length, 'of', takes.length);
const last = takes.at(-1);
console.log('the last of them', last?.allowed, 'to come again within a minute', Number(last?.retryAfter) <= 61);
const { allowed, remaining } = await requests.take('grace');
console.log('another user', { allowed, remaining });

// No burst at the end of one window and another at the beginning of the next.
const sliding = rateLimiter(client, { points: 5, per: 60, algorithm: 'sliding', prefix });
console.log('in a sliding window', (await sliding.take('ada')).allowed);
// What is expensive takes more than one point.
console.log('an export', (await sliding.take('ada', 5)).allowed);
await client.quit();

// Where memcached can't be reached, the app has to decide: here, better too many requests than none.
const nowhere = Client.create('127.0.0.1:1', { retries: 1, logger: false });
const open = rateLimiter(nowhere, { points: 5, per: 60, whenDown: 'allow', onDown: report });
console.log('without a server', (await open.take('ada')).allowed);
await nowhere.quit();

function report(error: Error): void {
  console.log('not counted:', Reflect.get(error, 'code'));
}
