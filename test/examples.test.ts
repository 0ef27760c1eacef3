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
hits 1 errors [ 'ERR_INVALID_KEY' ]
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
ERR_INVALID_ARGUMENT Invalid value: expected what JSON can hold: nothing cyclic, and nothing nested too deeply, but got an object
shared Grüße 42
`,
  'express-sessions.ts': `welcome Ada
Ada, visit 1
Ada, visit 2
bye
somebody, visit 1
`,
  'rate-limiter.ts': `allowed 5 of 8
the last of them false to come again within a minute true
another user { allowed: true, remaining: 4 }
in a sliding window true
an export false
not counted: ERR_CONNECT
without a server true
`,
  'cache-aside.ts': `readers 50 queries 1 { id: 1, name: 'Ada' }
a hit, queries 1
after a write { id: 1, name: 'Ada Lovelace' } queries 2
missing null null queries 4
without a server { id: 1, name: 'Ada Lovelace' }
`,
  'worker-fleet.ts': `workers ended with [ 0, 0, 0 ]
jobs done 1000 of 1000 sum 500500
computations 1 reports 1
`,
};

it('has the output of every example', () => {
  expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual(Object.keys(OUTPUT).sort());
});

it.concurrent.each(Object.entries(OUTPUT))(
  'examples/%s prints what it should',
  async (name, output) => {
    await using server = await startMemcached();
    const env = { ...process.env, MEMCACHE_SERVERS: server.address, MEMCACHIER_SERVERS: '', NODE_DISABLE_COLORS: '1' };
    const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', join('examples', name)], {
      cwd: ROOT,
      env,
    });
    expect({ stdout, stderr }).toEqual({ stdout: output, stderr: '' });
    // Nearly all of the time goes into compiling, of which several do at once.
  },
  60_000,
);
