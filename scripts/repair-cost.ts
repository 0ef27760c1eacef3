/**
 * What `repair` costs a get and a set of 100 B while nothing goes wrong, 64 in flight over one socket. `npm run bench:repair`
 * builds and runs it; with `-- --base FILE` everything is compared with another build's `index.mjs`, such as one from before
 * the option.
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Client as BuiltClient } from '../src/index.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { alternate, comparison, serveRounds, type Variant } from './alternating.ts';

const KEYS = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
const VALUE = Buffer.alloc(100, 'x');

const VARIANTS = [
  ['without', {}],
  ['with `repair`', { repair: true }],
  ['`failover` without', { failover: true }],
  ['`failover` with `repair`', { failover: true, repair: true }],
] as const;

async function work(build: string, address: string, options: string, command: string): Promise<void> {
  const { Client } = (await import(build)) as { Client: typeof BuiltClient };
  const client = Client.create(address, { protocol: 'meta', timeout: 10, ...JSON.parse(options) });
  const keyOf = (index: number): string => KEYS[index % KEYS.length] as string;
  await serveRounds(command === 'get' ? (i) => client.get(keyOf(i)) : (i) => client.set(keyOf(i), VALUE));
}

const { values, positionals } = parseArgs({
  options: {
    base: { type: 'string' },
    dist: { type: 'string', default: 'dist' },
    rounds: { type: 'string', default: '25' },
    work: { type: 'boolean' },
  },
  allowPositionals: true,
});

async function compare(): Promise<void> {
  const present = join(values.dist, 'index.mjs');
  const builds = VARIANTS.map(([name, options]) => [name, options, present] as const);
  const all = values.base === undefined ? builds : [['base', {}, values.base] as const, ...builds];
  for (const command of ['get', 'set']) {
    await using memcached = await startMemcached();
    const variants: Variant[] = all.map(([name, options, build]) => ({
      name,
      args: [pathToFileURL(build).href, memcached.address, JSON.stringify(options), command],
    }));
    console.log(
      comparison(await alternate(fileURLToPath(import.meta.url), variants, Number(values.rounds)), `${command}s`),
    );
  }
}

if (values.work === true) await work(...(positionals as [string, string, string, string]));
else await compare();
