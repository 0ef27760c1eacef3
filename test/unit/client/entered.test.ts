import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../../support/built.ts';
import { startMemcached } from '../../support/memcached.ts';
import { CAN } from '../../support/subject.ts';

const PROGRAM = fileURLToPath(new URL('./entered.ts', import.meta.url));

it('a get over meta or binary enters at most 18 files and 65 functions', async () => {
  await using server = await startMemcached();
  const protocols = (['meta', 'binary'] as const).filter((protocol) => CAN.protocols.includes(protocol));
  const args = ['--import', 'tsx', PROGRAM, server.address, ...protocols];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const entered = JSON.parse(stdout) as Record<string, Record<string, string[]>>;
  expect(Object.keys(entered)).toEqual(protocols);
  for (const files of Object.values(entered)) {
    expect(Object.keys(files)).toContain('client/client.ts');
    expect(Object.keys(files).length, stdout).toBeLessThanOrEqual(18);
    expect(Object.values(files).flat().length, stdout).toBeLessThanOrEqual(65);
  }
});
