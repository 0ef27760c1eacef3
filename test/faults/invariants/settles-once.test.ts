import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { type Options, SLACK } from '../clients.ts';
import { RandomCommands, type Sent } from './random-commands.ts';

const USER = { username: 'user', password: 'password' };
const BASE: Options = { timeout: 0.06, conntimeout: 0.06, retries: 2, retry_delay: 0.01, logger: { log(): void {} } };

let plain: [Memcached, Memcached];
let sasl: Memcached;

beforeAll(async () => {
  [...plain] = await Promise.all([startMemcached(), startMemcached()]);
  sasl = await startMemcached({ sasl: [USER] });
});

afterAll(() => Promise.all([...plain, sasl].map((server) => server.stop())));

/** Makes trouble on those lines until it is to stop. */
async function trouble(proxies: readonly TcpProxy[], commands: RandomCommands, until: () => boolean): Promise<void> {
  while (!until()) {
    const proxy = commands.random.pick(proxies);
    const action = commands.random.pick([
      'cut',
      'reset',
      'hold',
      'hold',
      'split',
      'refuse',
      'nothing',
      'nothing',
    ] as const);
    if (action === 'cut') proxy.cut();
    if (action === 'reset') proxy.cut('reset');
    if (action === 'hold') proxy.hold();
    if (action === 'split') proxy.split(commands.random.below(30) + 1);
    if (action === 'refuse') proxy.refuse();
    await sleep(commands.random.below(40));
    proxy.release();
    await proxy.accept();
    if (commands.random.below(3) === 0) proxy.split(0);
  }
}

const CASES: [name: string, seed: number, servers: () => Memcached[], options: Options, closes: boolean][] = [
  ['one server', 1, () => plain.slice(0, 1), {}, false],
  ['one server, retrying everything', 2, () => plain.slice(0, 1), { retryNonIdempotent: true, retries: 3 }, false],
  ['one server, without retries', 3, () => plain.slice(0, 1), { retries: 1 }, false],
  ['two servers with failover', 4, () => plain, { failover: true, failoverTime: 0.02 }, false],
  ['a login', 5, () => [sasl], USER, false],
  ['close() now and then', 6, () => plain, { failover: true, failoverTime: 0.02 }, true],
];

test.each(CASES)('every command settles exactly once: %s', async (_name, seed, servers, options, closes) => {
  const proxies = await Promise.all(servers().map(({ port }) => startProxy(port)));
  const addresses = proxies.map(({ address }) => address).join();
  const client = Client.create(addresses, { ...BASE, ...options });
  const commands = new RandomCommands(client, seed);
  const sent: Sent[] = [];
  let over = false;
  const troubled = trouble(proxies, commands, () => over);
  for (let turn = 0; turn < 60; turn++) {
    for (let count = commands.random.below(14); count >= 0; count--) sent.push(commands.send());
    if (closes && commands.random.below(10) === 0) client.close();
    await sleep(commands.random.below(25));
  }
  over = true;
  await troubled;
  await eventually(() => sent.every(({ settled }) => settled > 0), { timeout: 5000 });
  const answered = sent.filter(({ error }) => error === undefined).length;
  await client.quit();
  for (const proxy of proxies) await proxy.stop();
  // A second answer would come late: from another attempt, or from a connection that was given up.
  await sleep(150);

  expect(sent.length).toBeGreaterThan(300);
  expect(sent.filter(({ settled }) => settled !== 1)).toEqual([]);
  expect(commands.wrong).toEqual([]);
  expect(answered).toBeGreaterThan(20);
  expect(answered).toBeLessThan(sent.length);
  const { retries = 2 } = { ...BASE, ...options };
  const bound = (retries * (60 + 60) + (retries - 1) * 10) * (options.failover ? 2 * proxies.length : 1);
  const slowest = Math.max(...sent.map(({ took }) => took));
  expect(slowest).toBeLessThan(bound + SLACK);
});
