/**
 * Shows the client at work: `npm run quickstart`. It starts a server of its own, in this process, or uses the ones that
 * MEMCACHE_SERVERS names; there it leaves nothing behind.
 */
import { styleText } from 'node:util';
import { Client, MemcacheError, type Statistics } from '../src/index.ts';
import { MemoryServer } from '../src/memory-server/index.ts';

const STEP_WIDTH = 52;
const RESULT_WIDTH = 58;

process.exitCode = await main();

async function main(): Promise<number> {
  const given = process.env.MEMCACHIER_SERVERS || process.env.MEMCACHE_SERVERS;
  let server: MemoryServer | undefined;
  try {
    server = given ? undefined : await MemoryServer.start();
    const servers = given || String(server?.address);
    console.log(given ? 'Using the servers of the environment\n' : `Started a server of its own at ${servers}\n`);
    await tour(servers);
    return 0;
  } catch (error) {
    report(error, given !== undefined);
    return 1;
  } finally {
    await server?.stop();
  }
}

/** The steps, in order; the first that fails ends it. */
async function tour(servers: string): Promise<void> {
  const client = Client.create(servers, { expires: 300, logger: { log() {} } });
  const id = `${process.pid}-${Date.now()}`;
  const [page, visits, gone] = [`quickstart:${id}:page`, `quickstart:${id}:visits`, `quickstart:${id}:gone`];
  try {
    print('Step', 'Result', 'Time');
    await step("client.set('page', 'Hello', { expires: 60 })", () => client.set(page, 'Hello', { expires: 60 }));
    await step("client.get('page')", () => client.get(page));
    await step("client.get('nothing'), a miss", () => client.get(gone));
    await step("client.add('page', …), where there is one", () => client.add(page, 'Hi'));
    await step("client.append('page', ', world')", () => client.append(page, ', world'));
    await step("client.prepend('page', '> ')", () => client.prepend(page, '> '));
    const { cas } = await step("client.get('page', { cas: true })", () => client.get(page, { cas: true }));
    await step("client.replace('page', …, { cas })", () => client.replace(page, 'Changed', { cas }));
    await step("client.replace('page', …, { cas }), now outdated", () => client.replace(page, 'Again', { cas }));
    await step("client.increment('visits', 1, { initial: 100 })", () => client.increment(visits, 1, { initial: 100 }));
    await step("client.increment('visits', 5)", () => client.increment(visits, 5));
    await step("client.decrement('visits', 2)", () => client.decrement(visits, 2));
    await step("client.touch('page', 120)", () => client.touch(page, 120));
    await step('1,000 × client.get at once', () => getMany(client, page, 1000));
    await step('client.stats()', async () => summary(await client.stats()));
    await step("client.delete('page')", () => client.delete(page));
    await step("client.delete('page'), a miss", () => client.delete(page));
    await step("client.delete('visits')", () => client.delete(visits));
    await step('client.quit()', () => client.quit());
  } finally {
    client.close();
  }
}

async function step<T>(text: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  print(text, show(result), `${(performance.now() - start).toFixed(2)} ms`);
  return result;
}

function print(text: string, result: string, time: string): void {
  console.log(`${text.padEnd(STEP_WIDTH)}${result.padEnd(RESULT_WIDTH)}${time.padStart(10)}`);
}

async function getMany(client: Client, key: string, count: number): Promise<string> {
  const found = await Promise.all(Array.from({ length: count }, () => client.get(key)));
  return `${found.filter(({ value }) => value !== null).length} hits`;
}

function summary(stats: Record<string, Statistics>): string {
  return Object.values(stats)
    .map(({ version, get_hits, curr_items }) => `${version}: ${get_hits} hits, ${curr_items} items`)
    .join('; ');
}

/** A result on one line. */
function show(result: unknown): string {
  if (Buffer.isBuffer(result)) return result.length === 4 ? `<${result.toString('hex')}>` : `'${result}'`;
  if (typeof result === 'bigint') return `${result}n`;
  if (typeof result !== 'object' || result === null) return String(result ?? 'done');
  const fields = Object.entries(result).map(([name, value]) => `${name}: ${value === null ? null : show(value)}`);
  return `{ ${fields.join(', ')} }`;
}

function report(error: unknown, serversGiven: boolean): void {
  const code = error instanceof MemcacheError ? `${error.code}: ` : '';
  console.error(styleText('red', `\n${code}${error instanceof Error ? error.message : error}`));
  console.error(
    serversGiven
      ? 'Check MEMCACHE_SERVERS (as user:pass@host:port,…), or unset it: the quickstart then starts a server of its own.'
      : 'No server could be started here. Name one that runs: MEMCACHE_SERVERS=localhost:11211 npm run quickstart',
  );
}
