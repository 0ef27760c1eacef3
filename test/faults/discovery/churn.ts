import type { Discovery } from '../../../src/index.ts';
import { Client, elasticache } from '../../../src/index.ts';
import { MemoryServer } from '../../../src/memory-server/index.ts';
import { sleep } from '../../support/wait.ts';

const IN_FLIGHT = 32;

export interface ChurnOptions {
  /** How long, in milliseconds. */
  duration: number;
  /** The time between two changes of the list, in milliseconds. */
  interval: number;
}

export interface ChurnResult {
  commands: number;
  failed: Error[];
  wrong: string[];
  /** How often the list has changed, and how many of the changes the client saw. */
  changes: number;
  seen: number;
  /** Connections that are open to nodes which are not in the list, once the load is over. */
  leaked: number;
}

/** Adds nodes to a cluster and takes them away while commands are under way. A node goes on running when it has left. */
export async function churn({ duration, interval }: ChurnOptions): Promise<ChurnResult> {
  const nodes = await Promise.all(Array.from({ length: 8 }, () => MemoryServer.start()));
  await using endpoint = await MemoryServer.start();
  endpoint.cluster = nodes.slice(0, 3);
  const source: Discovery = elasticache({ endpoint: endpoint.address, interval: interval / 2000 });
  const client = Client.create(null, {
    discovery: source,
    distribution: 'ketama',
    connections: 2,
    timeout: 2,
    logger: { log() {} },
  });
  const result: ChurnResult = { commands: 0, failed: [], wrong: [], changes: 0, seen: 0, leaked: 0 };
  const end = Date.now() + duration;
  const lanes = Array.from({ length: IN_FLIGHT }, (_, lane) => load(client, lane, end, result));
  let list = client.servers;
  while (Date.now() < end) {
    await sleep(interval);
    if (client.servers !== list) result.seen++;
    list = client.servers;
    endpoint.cluster = changed(endpoint.cluster, nodes, result.changes++);
  }
  await Promise.all(lanes);
  await sleep(2 * interval);
  const listed = new Set(endpoint.cluster.map(({ port }) => port));
  const gone = nodes.filter(({ port }) => !listed.has(port));
  result.leaked = gone.reduce((sum, { connections }) => sum + connections, 0);
  await client.quit();
  await sleep(50);
  result.leaked += nodes.reduce((sum, { connections }) => sum + connections, 0);
  await Promise.all(nodes.map((node) => node.stop()));
  return result;
}

/** Takes the first node out, or puts the next one in, in turn. */
function changed(
  present: MemoryServer['cluster'],
  nodes: readonly MemoryServer[],
  turn: number,
): MemoryServer['cluster'] {
  if (turn % 2 === 1) return present.slice(1);
  const next = nodes.filter((node) => !present.some(({ port }) => port === node.port))[turn % 5] ?? nodes[0];
  return next === undefined ? present : [...present, { host: next.host, port: next.port }];
}

async function load(client: Client, lane: number, end: number, result: ChurnResult): Promise<void> {
  for (let turn = lane; Date.now() < end; turn += 3) {
    const key = `churn-${turn % 500}`;
    try {
      if (turn % 3 === 0) await client.set(key, `value of ${key}`);
      else if (turn % 7 === 0) await client.getMulti([key, `churn-${(turn + 1) % 500}`]).then(throwFirst);
      else if (turn % 11 === 0) await client.increment(`count-${key}`, 1);
      else {
        const { value } = await client.get(key);
        if (value !== null && value.toString() !== `value of ${key}`) result.wrong.push(`${key}: ${value}`);
      }
    } catch (error) {
      result.failed.push(error as Error);
    }
    result.commands++;
    await sleep(turn % 5 === 0 ? 1 : 0);
  }
}

function throwFirst({ errors }: { errors: ReadonlyMap<unknown, Error> }): void {
  for (const error of errors.values()) throw error;
}
