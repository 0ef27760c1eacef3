import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { run } from '../package/support/run.ts';
import { certificates } from '../support/certificates.ts';
import { makeFolder } from '../support/leftovers.ts';
import { startMemcached } from '../support/memcached.ts';
import { installRuntime, RUNTIMES } from '../support/runtimes.ts';

/** How long to wait for runtimes that are not there yet; `npm run test:runtimes` waits as long as it takes. */
const INSTALL_SECONDS = 30;

const PROGRAM = join(import.meta.dirname, 'smoke.mjs');

/** What each runtime is, or why it can't be had. All are asked for at once. */
const FOUND = new Map(
  RUNTIMES.map((runtime) => [
    runtime.name,
    installRuntime(runtime, INSTALL_SECONDS).then(
      (path) => ({ path, reason: '' }),
      (error: Error) => ({ path: undefined, reason: error.message }),
    ),
  ]),
);

describe.each(RUNTIMES)('$name', ({ name, args }) => {
  it('runs the packed client', async ({ skip }) => {
    const { path, reason } = (await FOUND.get(name)) ?? { path: undefined, reason: 'not listed' };
    if (path === undefined) {
      console.warn(`Not tested on ${name}: ${reason}`);
      return skip(reason);
    }
    const { stdout, stderr } = await smoke(path, args);
    const lines = stdout.trimEnd().split('\n');
    const others = lines.filter((line) => !line.startsWith('ok '));
    expect({ others, stderr }).toEqual({ others: ['the end'], stderr: '' });
    // 11 servers and protocols, each with 11 steps or, over binary, 12.
    expect(lines.length).toBeGreaterThan(11 * 11);
  });
});

/** Runs the program in a project that has the packed package, on a memcached of its own. */
async function smoke(path: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  await using server = await startMemcached();
  await using unix = await startMemcached({ unix: true });
  const { ca, server: tls } = await certificates();
  copyFileSync(PROGRAM, join(inject('ours'), 'smoke.mjs'));
  const env = {
    MEMCACHED: server.address,
    MEMCACHED_UNIX: unix.address,
    MEMORY_SOCKET: join(makeFolder(), 'memory.sock'),
    TLS_CERT: tls.cert,
    TLS_KEY: tls.key,
    TLS_CA: ca.cert,
    DENO_NO_UPDATE_CHECK: '1',
  };
  return await run(path, [...args, 'smoke.mjs'], inject('ours'), env, [0, 1]);
}
