import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { RawClient } from '../../support/raw-client.ts';

const STARTING_AT_ONCE = 10;
const KEYS_PER_GET = 50;

export interface Place {
  host: string;
  port: number;
}

/** Many small memcached servers. */
export class Fleet implements AsyncDisposable {
  readonly servers: readonly Memcached[];

  private constructor(servers: readonly Memcached[]) {
    this.servers = servers;
  }

  static async start(count: number): Promise<Fleet> {
    const servers: Memcached[] = [];
    while (servers.length < count) {
      const batch = Math.min(STARTING_AT_ONCE, count - servers.length);
      servers.push(...(await Promise.all(Array.from({ length: batch }, startSmall))));
    }
    return new Fleet(servers);
  }

  async clear(): Promise<void> {
    await Promise.all(this.servers.map((server) => ask(server, 'flush_all\r\n', 'OK\r\n')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

function startSmall(): Promise<Memcached> {
  return startMemcached({ args: ['-m', '2', '-t', '1'] });
}

async function ask(server: Place, command: string, answer: string): Promise<void> {
  using client = await connect(server);
  client.send(command);
  const received = await client.receive(answer.length);
  if (received.toString('latin1') !== answer) throw new Error(`${command.trim()}: ${received}`);
}

/** Stores each key with itself as the value, on this very server or through this proxy. */
export async function storeKeys(server: Place, keys: readonly string[]): Promise<void> {
  using client = await connect(server);
  for (const key of keys) {
    client.send(`set ${key} 0 0 ${Buffer.byteLength(key)}\r\n${key}\r\n`);
  }
  const answers = await client.receive(keys.length * 'STORED\r\n'.length, 10_000);
  if (answers.toString('latin1') !== 'STORED\r\n'.repeat(keys.length)) throw new Error('not all keys were stored');
}

/** How many of the keys this very server, or this proxy, has with themselves as the value. */
export async function countKeys(server: Place, keys: readonly string[]): Promise<number> {
  let count = 0;
  using client = await connect(server);
  for (let i = 0; i < keys.length; i += KEYS_PER_GET) {
    client.send(`get ${keys.slice(i, i + KEYS_PER_GET).join(' ')}\r\n`);
    for (let line = await client.receiveLine(); line !== 'END'; line = await client.receiveLine()) {
      const [, key = '', , length] = /^VALUE (\S+) (\d+) (\d+)/.exec(line) ?? [];
      const value = (await client.receive(Number(length) + 2)).toString('latin1');
      if (value === `${key}\r\n`) count++;
    }
  }
  return count;
}

function connect({ host, port }: Place): Promise<RawClient> {
  return RawClient.connect({ host, port });
}

/** Keys as programs have them: short, long, and not all in ASCII. */
export function makeKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % 100 === 0) return `page:${i}:`.padEnd(250, 'x');
    return i % 10 === 0 ? `größe/${i}/大きさ` : `user:${i}:profile`;
  });
}
