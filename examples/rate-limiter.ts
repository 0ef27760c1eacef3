/**
 * So many requests for each user in a window of time, counted together by all processes.
 *
 * MEMCACHE_SERVERS names the servers, `localhost:11211` if it is not set. In a program of your own,
 * `../src/index.ts` is `memts`.
 */
import { randomUUID } from 'node:crypto';
import { Client } from '../src/index.ts';

// Something random in the keys, so that this example begins anew each time; an app leaves it out.
const client = Client.create(undefined, { keyPrefix: `example:limit:${randomUUID()}:`, hashLongKeys: true });

interface Verdict {
  allowed: boolean;
  remaining: number;
}

/**
 * Whether a request of `user` at `now` (in milliseconds) is among the first `limit` of its window. Around the end of one,
 * twice as many may come in a short time.
 */
async function take(user: string, limit: number, seconds: number, now = Date.now()): Promise<Verdict> {
  // A key for each window: the first request makes its counter, which goes by itself when the window is over.
  const window = Math.floor(now / 1000 / seconds);
  const { value } = await client.increment(`${user}:${window}`, 1, { initial: 1, expires: seconds + 1 });
  const count = Number(value);
  return { allowed: count <= limit, remaining: Math.max(0, limit - count) };
}

// One moment for all that follows, so that no window ends in between.
const now = Date.now();
const LIMIT = 5;
const MINUTE = 60;

// However many come at once, each is counted once.
const verdicts = await Promise.all(Array.from({ length: 8 }, () => take('ada', LIMIT, MINUTE, now)));
console.log('allowed', verdicts.filter(({ allowed }) => allowed).length, 'of', verdicts.length);
console.log('the last of them', verdicts.at(-1));
console.log('another user', await take('grace', LIMIT, MINUTE, now));
console.log('the next minute', await take('ada', LIMIT, MINUTE, now + 60_000));

await client.quit();

// Where memcached can't be reached, the app has to decide: here, better too many requests than none.
const nowhere = Client.create('127.0.0.1:1', { retries: 1, logger: { log: () => {} } });
const outage = await nowhere.increment('ada', 1, { initial: 1 }).catch((error) => error.code);
console.log('without a server', outage, 'so', { allowed: true });
await nowhere.quit();
