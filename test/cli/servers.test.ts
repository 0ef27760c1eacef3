import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

let server: Memcached;
let client: Client;

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
  client = Client.create(server.address, { timeout: 20 });
  await client.set('user:1', 'x', { expires: 100 });
  await client.set('user:2', 'x'.repeat(5000));
  await client.set(Buffer.from('a b\n\xff%20', 'latin1'), 'x');
});
afterAll(async () => {
  client.close();
  await server.stop();
});

function run(...args: string[]) {
  return memts(args, { servers: server.address });
}

describe.concurrent('whole servers', { timeout: PATIENCE }, () => {
  it('lists keys, as they are, with filters', async () => {
    const { stdout } = await run('keys', '--json');
    const keys = jsonLines(stdout) as { key?: string; keyBase64?: string; ttl: number | null; size: number }[];
    expect(
      keys.map(({ key, keyBase64 }) => key ?? Buffer.from(String(keyBase64), 'base64').toString('latin1')).sort(),
    ).toEqual(['a b\n\xff%20', 'user:1', 'user:2']);
    expect(keys.find(({ key }) => key === 'user:1')?.ttl).toBeGreaterThan(60);
    expect(await run('keys', '--prefix', 'user:', '--expires-within', '2m')).toMatchObject({ stdout: 'user:1\n' });
    expect(await run('keys', '--match', '^user', '--immortal', '--larger', '4k')).toMatchObject({ stdout: 'user:2\n' });
    expect(await run('keys', '--count', '--limit', '2')).toMatchObject({ code: 0, stdout: '2\n' });
    expect((await run('keys', '--long', '--class', '1', '--prefix', 'user')).stdout).toMatch(
      /^ +TTL +IDLE +SIZE +CLASS +KEY\n *1m \d+s +\d+s +\d+ B +1 {2}user:1\n$/,
    );
  });

  it('prints statistics as tables with units, without colours, and as JSON', async () => {
    const { stdout } = await run('stats', 'settings');
    expect(stdout).toMatch(/^NAME +VALUE\nmaxbytes +64 MiB\nmaxconns +1,024\n/);
    expect(stdout).not.toContain('\u001b');
    expect((await run('stats', 'slabs')).stdout).toMatch(/^CLASS +chunk_size +used_chunks .*\n +1 +96 B /);
    expect((await run('stats', 'conns')).stdout).toMatch(/^ *CONN +addr .*\n(.*\n)*.*conn_listening/);
    expect((await run('stats', '--raw')).stdout).toMatch(/^limit_maxbytes 67108864$/m);
    const [both] = jsonLines((await run('stats', 'items', '--json')).stdout);
    expect(both).toMatchObject({ server: server.address, group: 'items', stats: { 'items:1:number': 2 } });
    expect(await run('stats', 'sizes', '--servers', `${server.address},127.0.0.1:1`)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/sizes_status +disabled/),
      stderr: expect.stringMatching(/^memts: [^\n]*ECONNREFUSED[^\n]*\n$/),
    });
  });

  it('watches in a pipe: plain lines, or JSON', async () => {
    // What connects to the others' server is counted there: a connection begins with a get.
    await using watched = await startMemcached();
    const servers = `${watched.address},127.0.0.1:1`;
    const plain = await run('top', '--interval', '0.1', '--count', '2', '--servers', servers);
    expect(plain.code).toBe(0);
    expect(plain.stdout).not.toContain('\u001b');
    const lines = plain.stdout.trim().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^TIME +SERVER +HIT% +HITS\/s/);
    expect(lines[4]).toMatch(/127\.0\.0\.1:1 +.*ECONNREFUSED/);
    const json = await memts(['top', '--interval', '0.1', '--count', '1', '--json'], { servers: watched.address });
    const [reading] = jsonLines(json.stdout);
    expect(reading).toMatchObject({ server: watched.address, gets: 0, limit: 67_108_864, items: expect.any(Number) });
  });

  it('top tells which share of the gets hits now, and apart from that since the start', async () => {
    await using watched = await startMemcached();
    await using asking = Client.create(watched.address, { timeout: 20 });
    await asking.set('there', 'x');
    for (let index = 0; index < 20; index++) await asking.get('missing');
    const timer = setInterval(() => asking.get('there').catch(() => {}), 10);
    const { stdout } = await memts(['top', '--interval', '1', '--count', '2', '--json'], { servers: watched.address });
    clearInterval(timer);
    const last = jsonLines(stdout).at(-1) as { hitRatio: number; hitRatioEver: number };
    expect(last.hitRatio).toBe(1);
    expect(last.hitRatioEver).toBeLessThan(1);
  });

  it('ping and top say which servers are up, and why another is not', async () => {
    await using hung = await startMemcached();
    await using other = await startMemcached();
    const names = `${hung.address},${other.address}`;
    const watched = memts(['top', '--interval', '0.1', '--count', '25', '--timeout', '0.1', '--json'], {
      servers: names,
      meanwhile: (child) => child.stdout?.once('data', () => setTimeout(() => hung.pause(), 200)),
    });
    const readings = jsonLines((await watched).stdout) as { server: string }[];
    const last = (server: string) => readings.findLast((reading) => reading.server === server);
    expect(readings.find(({ server }) => server === hung.address)).toMatchObject({ state: 'up' });
    expect(last(hung.address)).toMatchObject({ state: 'down', error: expect.stringMatching(/^The server is hung: /) });
    expect(readings.filter(({ server }) => server === other.address)).toContainEqual(
      expect.objectContaining({ state: 'up', limit: 67_108_864 }),
    );
    const plain = await memts(['ping', '--timeout', '3'], { servers: names });
    expect(plain.code).toBe(3);
    expect(plain.stdout).toMatch(/^SERVER +STATE +VERSION +TIME\n/);
    expect(plain.stdout).toMatch(new RegExp(`^${other.address} +up +1\\.\\d+\\.\\d+\\S* +[\\d.]+ ms$`, 'm'));
    expect(plain.stdout).toMatch(new RegExp(`^${hung.address} +down +– +–$`, 'm'));
    const json = await memts(['ping', '--timeout', '3', '--json'], { servers: names });
    expect(jsonLines(json.stdout)).toMatchObject([{ state: 'down', error: expect.any(String) }, { state: 'up' }]);
  });

  it('loads servers with the mix that is asked for, and cleans up', async () => {
    await using other = await startMemcached();
    const options = ['--get-ratio', '0.5', '--keys', '50', '--size', '1k', '--concurrency', '8', '--duration', '0.4'];
    const json = await memts(['bench', ...options, '--json', '--protocol', 'binary'], { servers: other.address });
    const result = JSON.parse(json.stdout);
    expect(result).toMatchObject({ protocol: 'binary', size: 1024, keys: 50, get: { misses: 0, errors: 0 } });
    const { get, set } = result;
    expect(get.count / (get.count + set.count)).toBeCloseTo(0.5, 0);
    expect(get.histogram.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(get.count);
    expect(get.latency.min).toBeLessThanOrEqual(get.latency.p50);
    expect(get.latency.p99).toBeLessThanOrEqual(get.latency.max);
    expect((await memts(['keys', '--count'], { servers: other.address })).stdout).toBe('0\n');
    const table = await memts(['bench', ...options], { servers: other.address });
    expect(table.stdout).toMatch(/COMMAND +COUNT +PER SECOND.*p99\.9.*\nget +[\d,]+ /);
    expect(table.stdout).toMatch(/latency of set\n +up to .*%/);
    expect(table.stderr).toBe('');
  });

  it('flushes only with --yes', async () => {
    await using other = await startMemcached();
    await using filled = Client.create(other.address, { timeout: 20 });
    await filled.set('key', 'value');
    expect(await memts(['flush'], { servers: other.address, input: 'y\n' })).toMatchObject({ code: 2 });
    expect((await filled.get('key')).value).not.toBe(null);
    expect(await memts(['flush', '--yes'], { servers: other.address })).toMatchObject({ code: 0 });
    expect((await filled.get('key')).value).toBe(null);
  });

  it('completes commands, options and choices, and has scripts for shells', async () => {
    expect((await run('complete', '--', '')).stdout).toMatch(/^get\tprint values$/m);
    expect((await run('complete', '--', 'get', '--ser')).stdout).toMatch(/^--servers\t/);
    expect((await run('complete', '--', 'stats', 's')).stdout).toMatch(/^settings\t\nslabs\t\nsizes\t$/m);
    expect((await run('completion', 'bash')).stdout).toMatch(/complete .*memts/);
  });

  it('shows examples in the help of every command', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Exit codes: 0 done, 1 a miss or not stored, 2 usage, 3 a server/);
    const help = await run('dump', '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/Examples?:\n {2}\$ memts dump/);
    expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it('ends quietly when the reader has seen enough', async () => {
    const enough = await memts(['keys', '--json'], {
      servers: server.address,
      meanwhile: (child) => child.stdout?.destroy(),
    });
    expect(enough).toMatchObject({ code: 0, stderr: '' });
  });
});
