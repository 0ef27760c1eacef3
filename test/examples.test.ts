import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from './support/built.ts';
import { startMemcached } from './support/memcached.ts';

const run = promisify(execFile);

/** What each example prints. */
const OUTPUT: Readonly<Record<string, string>> = {
  'many-keys.ts': `stored [ true, true, true ]
apple red
plum true nothing false
hits 1 errors [ 'MemcacheError' ]
read 10000
deleted 10000 of 10001
long results
`,
  'get-or-set.ts': `callers 100 computations 1 { made: 1 }
hit { made: 1 } computations 1
failed: the database is down
nobody null
`,
  'update.ts': `visitors Ada Grace Joan Mary
first true
second false
left [ 'Ada' ]
`,
  'serializers.ts': `user { name: 'Ada', tags: [ 'admin' ] }
title Zürich
ratio 0.25
balance 18446744073709551616n
image <Buffer 89 50>
enabled false
visits 15
page 160000 characters, flags 6d120000
ERR_INVALID_ARGUMENT Invalid value: expected what JSON can hold: nothing cyclic, no bigint inside, but got an object
shared Grüße 42
`,
};

it('has the output of every example', () => {
  expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual(Object.keys(OUTPUT).sort());
});

it.concurrent.each(Object.entries(OUTPUT))('examples/%s prints what it should', async (name, output) => {
  await using server = await startMemcached();
  const env = { ...process.env, MEMCACHE_SERVERS: server.address, MEMCACHIER_SERVERS: '', NODE_DISABLE_COLORS: '1' };
  const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', join('examples', name)], {
    cwd: ROOT,
    env,
  });
  expect({ stdout, stderr }).toEqual({ stdout: output, stderr: '' });
});
