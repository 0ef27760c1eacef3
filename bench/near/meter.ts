import { Client } from '../../src/index.ts';

/** What so many calls took. */
export interface Use {
  seconds: number;
  calls: number;
  /** Requests that the servers have carried out. */
  requests: number;
  /** That they have read and written. */
  bytes: number;
  /** CPU of this process, and of the servers, in seconds. */
  cpu: number;
  serverCpu: number;
}

type Counts = Pick<Use, 'requests' | 'bytes' | 'serverCpu'>;

/** Measures what this process and a server do between two moments. */
export class Meter {
  readonly #client: Client;
  readonly #before: Counts;
  readonly #cpu = process.cpuUsage();
  readonly #began = performance.now();

  private constructor(client: Client, before: Counts) {
    this.#client = client;
    this.#before = before;
  }

  static async start({ address }: { address: string }): Promise<Meter> {
    const client = Client.create(address);
    return new Meter(client, await countsOf(client));
  }

  async stop(calls: number): Promise<Use> {
    const seconds = (performance.now() - this.#began) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const after = await countsOf(this.#client);
    await this.#client.quit();
    const { requests, bytes, serverCpu } = this.#before;
    return {
      seconds,
      calls,
      requests: after.requests - requests,
      bytes: after.bytes - bytes,
      cpu: (user + system) / 1e6,
      serverCpu: after.serverCpu - serverCpu,
    };
  }
}

async function countsOf(client: Client): Promise<Counts> {
  const [stats = {}] = Object.values(await client.stats());
  const sum = (...names: string[]): number => names.reduce((total, name) => total + Number(stats[name] ?? 0), 0);
  return {
    requests: sum('cmd_get', 'cmd_set', 'delete_hits', 'delete_misses'),
    bytes: sum('bytes_read', 'bytes_written'),
    serverCpu: sum('rusage_user', 'rusage_system'),
  };
}
