import { expect, test } from 'vitest';
import type { ServerOptions } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import { eventually, sleep } from '../../support/wait.ts';
import { SLACK, useClients } from '../clients.ts';

const IN_FLIGHT = 64;
const KEYS = Array.from({ length: 300 }, (_, index) => `loaded-${index}`);
const TIMES = { retries: 2, retry_delay: 0.05, timeout: 0.25, conntimeout: 0.25 };
const FAILOVER_TIME = 0.8;

/** No command waits longer, in milliseconds: what the attempts at the dead server and at the next one may take. */
const LONGEST = TIMES.retries * (TIMES.conntimeout + TIMES.timeout + TIMES.retry_delay) * 1000;

const clients = useClients();

/** Keeps 64 commands in flight and notes what came of them. */
class Load {
  wrong: string[] = [];
  failed: Error[] = [];
  times: number[] = [];
  #stopped = false;
  /** How many sets of a key have been sent. */
  readonly #sets = new Map<string, number>();
  readonly #done: Promise<unknown>;

  constructor(client: ReturnType<typeof clients.create>) {
    this.#done = Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => this.#run(client, lane)));
  }

  /** The median of the times since the last call, in milliseconds, and how long the longest was. */
  take(): { median: number; longest: number; count: number } {
    const times = this.times.splice(0).sort((a, b) => a - b);
    return { median: times[times.length >> 1] ?? Number.NaN, longest: times.at(-1) ?? 0, count: times.length };
  }

  stop(): Promise<unknown> {
    this.#stopped = true;
    return this.#done;
  }

  /** A set that fails is no failure where a later one for its key has been sent: it is not sent again behind that. */
  async #set(client: ReturnType<typeof clients.create>, key: string): Promise<void> {
    const turn = (this.#sets.get(key) ?? 0) + 1;
    this.#sets.set(key, turn);
    try {
      await client.set(key, `value of ${key}`);
    } catch (error) {
      if (this.#sets.get(key) === turn) throw error;
    }
  }

  async #run(client: ReturnType<typeof clients.create>, lane: number): Promise<void> {
    for (let turn = lane; !this.#stopped; turn += 7) {
      const key = KEYS[turn % KEYS.length] as string;
      const start = performance.now();
      try {
        if (turn % 4 === 0) await this.#set(client, key);
        else {
          const { value } = await client.get(key);
          // A key of the dead server may be missing at the next one.
          if (value !== null && value.toString() !== `value of ${key}`) this.wrong.push(`${key}: ${value}`);
        }
      } catch (error) {
        this.failed.push(error as Error);
      }
      this.times.push(performance.now() - start);
      await sleep(1);
    }
  }
}

const FORMS: [protocol: NonNullable<ServerOptions['protocol']>, gutter: boolean][] = [
  ['binary', false],
  ['meta', false],
  ['classic', false],
  ['auto', true],
];

test.each(FORMS)(
  'a server is killed under load (%s, gutter: %s): nothing wrong, nothing late, as fast as before, back in time',
  async (protocol, gutter) => {
    await using first = await startMemcached();
    await using killed = await startMemcached();
    await using third = await startMemcached();
    await using spare = await startMemcached();
    const failover = gutter ? { gutter: spare.address, expires: 10 } : true;
    const options = { ...TIMES, failover, failoverTime: FAILOVER_TIME, protocol };
    const client = clients.create([first, killed, third].map(({ address }) => address).join(), options);
    await Promise.all(KEYS.map((key) => client.set(key, `value of ${key}`)));
    const load = new Load(client);
    await sleep(300);
    const before = load.take();
    await killed.kill();
    await eventually(() => client.servers[1]?.wakeupAt !== undefined, { timeout: LONGEST + SLACK });
    await sleep(LONGEST / 4);
    const detection = load.take();
    await sleep(400);
    const after = load.take();
    await killed.restart();
    const key = KEYS.find((name) => Number(client.getServer(name)) === 1) as string;
    await eventually(() => client.server(key)?.port === killed.port, { timeout: 1000 * (FAILOVER_TIME + 1) + SLACK });
    await load.stop();
    expect(await client.set(key, 'back')).toBe(true);
    const own = clients.create(killed.address);
    expect((await own.get(key)).value?.toString()).toBe('back');
    expect(load.wrong).toEqual([]);
    expect(load.failed).toEqual([]);
    expect(Math.max(detection.longest, after.longest)).toBeLessThan(LONGEST + SLACK);
    // A few milliseconds more are the machine's; what waits for a dead server takes 250.
    expect(after.median).toBeLessThan(1.5 * before.median + 5);
    expect(after.count).toBeGreaterThan(1000);
  },
);

test('failover: false: the other servers go on, and the killed one is used within two seconds of its return', async () => {
  await using first = await startMemcached();
  await using killed = await startMemcached();
  const client = clients.create(`${first.address},${killed.address}`, { ...TIMES, protocol: 'auto' });
  const load = new Load(client);
  await sleep(100);
  await killed.kill();
  await sleep(400);
  load.take();
  await sleep(300);
  const { longest } = load.take();
  await killed.restart();
  const key = KEYS.find((name) => Number(client.getServer(name)) === 1) as string;
  await eventually(() => client.set(key, `value of ${key}`).catch(() => false), { timeout: 2000 + SLACK });
  await load.stop();
  expect(load.wrong).toEqual([]);
  // Nothing waits for the dead one.
  expect(longest).toBeLessThan(SLACK);
  expect(new Set(load.failed.map((error) => (error as { server?: string }).server))).toEqual(new Set([killed.address]));
});
