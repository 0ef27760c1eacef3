import { MemoryServer } from '../../src/memory-server/index.ts';
import { certificates } from '../support/certificates.ts';
import { DnsServer } from '../support/dns-server.ts';
import { type Memcached, type MemcachedOptions, startMemcached } from '../support/memcached.ts';
import { Random } from '../support/random.ts';
import { ChaosProxy } from './proxy.ts';
import type { Settings } from './subjects/subject.ts';

/** What stands on a stage. `login` is SASL for the binary protocol and ASCII authentication for the others. */
export type StageKind = 'memcached' | 'tls' | 'sasl' | 'login' | 'memory' | 'elasticache' | 'dns';

export const FLEET = 3;
const USER = { username: 'user', password: 'password' };
const SERVICE = '_memcached._tcp.cache.test';

/** Servers with a proxy in front of each, which are used by one case after the other. */
export class Stage implements AsyncDisposable {
  readonly kind: StageKind;
  readonly memcached: readonly Memcached[];
  readonly memory: readonly MemoryServer[];
  readonly proxies: readonly ChaosProxy[];
  /** Names the servers, where they are discovered. */
  readonly endpoint: MemoryServer | undefined;
  readonly nameserver: DnsServer | undefined;
  readonly settings: Partial<Settings>;

  private constructor(
    parts: Pick<Stage, 'kind' | 'memcached' | 'memory' | 'proxies' | 'endpoint' | 'nameserver' | 'settings'>,
  ) {
    this.kind = parts.kind;
    this.memcached = parts.memcached;
    this.memory = parts.memory;
    this.proxies = parts.proxies;
    this.endpoint = parts.endpoint;
    this.nameserver = parts.nameserver;
    this.settings = parts.settings;
  }

  static async start(kind: StageKind): Promise<Stage> {
    const memcached = kind === 'memory' ? [] : await startAll(await optionsFor(kind));
    const memory = kind === 'memory' ? await memoryServers() : [];
    const targets = kind === 'memory' ? memory : memcached;
    const proxies: ChaosProxy[] = [];
    for (const { port } of targets) proxies.push(await ChaosProxy.start(port, new Random(1)));
    const endpoint = kind === 'elasticache' ? await MemoryServer.start() : undefined;
    const nameserver = kind === 'dns' ? await DnsServer.start() : undefined;
    const settings: Partial<Settings> = {};
    if (kind === 'sasl' || kind === 'login') Object.assign(settings, USER);
    if (kind === 'tls') settings.ca = (await certificates()).ca.certPem;
    if (endpoint !== undefined) settings.discovery = { kind: 'elasticache', endpoint: endpoint.address };
    if (nameserver !== undefined) {
      settings.discovery = { kind: 'dns', nameserver: nameserver.address, host: SERVICE };
    }
    return new Stage({ kind, memcached, memory, proxies, endpoint, nameserver, settings });
  }

  /** The ports of the servers themselves. */
  get ports(): number[] {
    return (this.kind === 'memory' ? this.memory : this.memcached).map(({ port }) => port);
  }

  /** Which of the proxies discovery names. */
  list(proxies: readonly ChaosProxy[]): void {
    if (this.endpoint !== undefined) {
      this.endpoint.cluster = proxies.map(({ port }) => ({ host: '127.0.0.1', port }));
    }
    this.nameserver?.names.set(SERVICE, { srv: proxies.map(({ port }) => ({ name: 'localhost', port })) });
  }

  /** Ends all faults; resolves when every server takes connections again. */
  async calm(servers: number): Promise<void> {
    for (const server of this.memcached) server.resume();
    await Promise.all(this.memcached.filter(({ running }) => !running).map((server) => server.restart()));
    await Promise.all(this.memory.map(({ faults }) => faults.clear()));
    await Promise.all(this.proxies.map((proxy) => proxy.calm()));
    if (this.nameserver !== undefined) {
      this.nameserver.silent = false;
      this.nameserver.failing.clear();
    }
    await this.endpoint?.faults.clear();
    this.list(this.proxies.slice(0, servers));
  }

  /** How many connections clients have open. */
  get open(): number {
    return this.proxies.reduce((sum, proxy) => sum + proxy.open, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await Promise.all([...this.memcached, ...this.memory].map((server) => server.stop()));
    await this.endpoint?.stop();
    await this.nameserver?.[Symbol.asyncDispose]();
  }
}

async function optionsFor(kind: StageKind): Promise<MemcachedOptions> {
  if (kind === 'sasl') return { sasl: [USER] };
  if (kind === 'login') return { auth: [USER] };
  if (kind !== 'tls') return {};
  const { server } = await certificates();
  return { tls: { cert: server.cert, key: server.key } };
}

function startAll(options: MemcachedOptions): Promise<Memcached[]> {
  return Promise.all(Array.from({ length: FLEET }, () => startMemcached(options)));
}

function memoryServers(): Promise<MemoryServer[]> {
  return Promise.all(
    Array.from({ length: FLEET }, (_, index) => {
      const random = new Random(index);
      return MemoryServer.start({ random: () => random.next() / 2 ** 32 });
    }),
  );
}
