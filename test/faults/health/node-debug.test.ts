import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startMemcached } from '../../support/memcached.ts';
import { freePort } from '../../support/ports.ts';

const PROGRAM = fileURLToPath(new URL('./fails-by-name.ts', import.meta.url));

async function run(NODE_DEBUG: string): Promise<{ stacks: Record<string, string>; stderr: string; down: string }> {
  await using server = await startMemcached();
  const down = `127.0.0.1:${await freePort()}`;
  const args = ['--import', 'tsx', PROGRAM, server.address, down];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_DEBUG } });
  return { stacks: JSON.parse(stdout), stderr, down };
}

test("with NODE_DEBUG=memts errors have their caller's frames, and stderr tells of servers and connections", async () => {
  const { stacks, stderr, down } = await run('memts');
  for (const [name, stack] of Object.entries(stacks)) {
    if (name !== 'none') expect(stack, name).toMatch(new RegExp(`^MemcacheError: [\\s\\S]*\\n +at .*${name}`));
  }
  expect(stacks.callerOne).not.toContain('callerTwo');
  expect(stderr).toMatch(/MEMTS \d+: 127\.0\.0\.1:\d+: connection \d+ to 127\.0\.0\.1:\d+ speaks meta/);
  expect(stderr).toMatch(/MEMTS \d+: 127\.0\.0\.1:\d+: connection \d+ to 127\.0\.0\.1:\d+ is closed\n/);
  expect(stderr).toContain(`${down}: no connection: `);
  expect(stderr).toContain(`${down} is down: `);
});

test('without it there are no lines, and no stack is kept for a command', async () => {
  const { stacks, stderr } = await run('');
  expect(stderr).toBe('');
  expect(stacks.callerOfGet).not.toContain('callerOfGet');
});
