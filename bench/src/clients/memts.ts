import {
  type Adapter,
  type Done,
  hostPorts,
  jsonSerializer,
  type Setup,
  silentLogger,
  TIMEOUT_SECONDS,
  type Value,
} from './adapter.ts';

const PROTOCOLS = ['binary', 'meta', 'classic'] as const;

export interface MemtsOptions {
  readonly protocol: 'binary' | 'meta' | 'classic';
  readonly distribution?: 'ketama';
  /** The build that `--before` names. */
  readonly before?: boolean;
}

interface Result {
  readonly value: Buffer | null;
}

/** What is used of the built package, which need not be there for the rest to run. */
interface MemtsClient {
  get(key: string): Promise<Result>;
  get(key: string, done: Done): void;
  set(key: string, value: Value): Promise<boolean>;
  set(key: string, value: Value, options: object, done: Done): void;
  getMulti?(keys: string[]): Promise<Map<string, unknown>>;
  quit(): Promise<void>;
}

interface Memts {
  readonly Client: { create(servers: string, options: Record<string, unknown>): MemtsClient };
}

/** The built library, or the one that `--memts` names. */
export async function loadMemts<T = Memts>(before = false): Promise<T> {
  const named = before ? process.env.MEMTS_BEFORE : process.env.MEMTS_BUILD;
  const url = named ?? new URL('../../../../../dist/index.mjs', import.meta.url).href;
  return (await import(url)) as T;
}

export async function memtsAdapter({ before = false, ...options }: MemtsOptions): Promise<Adapter> {
  const { Client } = await loadMemts(before);
  let client: MemtsClient;
  let others: MemtsClient[] = [];
  const adapter: Adapter = {
    takes: 'buffer',
    async connect({ row, target, keys }: Setup) {
      const servers = hostPorts(target).join(',');
      if (row.mixed) others = await workOverEach(Client, servers, keys);
      client = Client.create(servers, {
        ...options,
        timeout: TIMEOUT_SECONDS,
        conntimeout: TIMEOUT_SECONDS,
        logger: silentLogger,
        ...(row.connections > 0 ? { connections: row.connections } : {}),
        ...(row.tls ? { tls: { ca: target.ca } } : {}),
        ...(row.json ? { serializer: jsonSerializer } : {}),
      });
      if (client.getMulti !== undefined) adapter.getMulti = (keys) => (client as Required<MemtsClient>).getMulti(keys);
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getCallback: (key, done) => client.get(key, done),
    setCallback: (key, value, done) => client.set(key, value, {}, done),
    read: (result) => (result as Result).value,
    readCallback: (value) => value,
    stored: (result) => result === true,
    pick(result, key) {
      const hit = (result as Map<string, Buffer | Result>).get(key);
      return hit === undefined || Buffer.isBuffer(hit) ? hit : hit.value;
    },
    async close() {
      await Promise.all([client, ...others].map((each) => each.quit()));
      others = [];
    },
  };
  return adapter;
}

/** Has clients of all protocols at work, so that what is compiled for one is compiled for all of them. */
async function workOverEach(Client: Memts['Client'], servers: string, keys: readonly string[]): Promise<MemtsClient[]> {
  const clients = PROTOCOLS.map((protocol) => Client.create(servers, { protocol, logger: silentLogger }));
  const some = keys.slice(0, 50);
  for (let turn = 0; turn < 300; turn++) {
    for (const client of clients) {
      await client.getMulti?.(some);
      await Promise.all(some.map((key) => client.get(key)));
    }
  }
  return clients;
}
