import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'tsdown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/leftovers.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { startProxy } from '../../support/proxy.ts';
import { useClients } from '../clients.ts';

const PROTOCOLS = ['meta', 'binary', 'classic'] as const;

/** What becomes of each call with `quit()` and with `close()`, and of the value under the key. */
const WAYS = {
  computing: { quit: 'computed', close: 'ERR_CLOSED', stored: 'computed' },
  refreshing: { quit: 'old', close: 'old', stored: 'computed' },
  waiting: { quit: 'ERR_CLOSED', close: 'ERR_CLOSED', stored: undefined },
  aborted: { quit: 'aborted', close: 'aborted', stored: undefined },
  update: { quit: 'computed', close: 'ERR_CLOSED', stored: 'computed' },
  setMulti: { quit: '20000 results', close: 'ERR_CLOSED', stored: undefined },
  deleteMulti: { quit: '20000 results', close: 'ERR_CLOSED', stored: undefined },
} as const;

/** Far less than the computation elsewhere may take, in milliseconds; a program that does not end is killed then. */
const ENDS_WITHIN = 10_000;

const clients = useClients();
let server: Memcached;
let program: string;

beforeAll(async () => {
  server = await startMemcached();
  const outDir = makeFolder();
  await build({
    config: false,
    entry: { program: fileURLToPath(new URL('./ends-in-the-middle.ts', import.meta.url)) },
    outDir,
    format: 'esm',
    platform: 'node',
    dts: false,
    logLevel: 'silent',
    report: false,
  });
  program = join(outDir, 'program.mjs');
}, 60_000);

afterAll(() => server.stop());

/** Runs the program, which has to end by itself; what it printed, and how many connections its client opened. */
async function run(protocol: string, way: string, how: string): Promise<{ settled: string; connections: number }> {
  await using proxy = await startProxy(server.port);
  const args = [program, proxy.address, server.address, protocol, way, how];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: ENDS_WITHIN });
  return { settled: stdout, connections: proxy.connections };
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it.each(Object.entries(WAYS))(
    'quit() in the middle of %s lets it finish or ends its wait, and the process ends',
    async (way, expected) => {
      expect(await run(protocol, way, 'quit')).toEqual({ settled: expected.quit, connections: 1 });
      if (expected.stored === undefined) return;
      const { value } = await clients.create(server.address, { protocol }).get(`${way}-${protocol}-quit`);
      expect(value?.toString()).toBe(expected.stored);
    },
  );

  it.each(Object.entries(WAYS))(
    'close() in the middle of %s ends it: nothing is sent any more, and the process ends',
    async (way, expected) => {
      expect(await run(protocol, way, 'close')).toEqual({ settled: expected.close, connections: 1 });
      const { value } = await clients.create(server.address, { protocol }).get(`${way}-${protocol}-close`);
      expect(value?.toString()).not.toBe('computed');
    },
  );
});
