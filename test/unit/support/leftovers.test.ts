import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { killAtExit } from '../../support/leftovers.ts';
import { isFree } from '../../support/ports.ts';

const PROGRAM = fileURLToPath(new URL('./leaves-servers.ts', import.meta.url));

it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'exit', 'throw'])('clears away servers and files after %s', async (end) => {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'] });
  killAtExit(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, path } = JSON.parse(String(line)) as { port: number; path: string };
  expect(existsSync(path)).toBe(true);
  expect(await isFree(port)).toBe(false);
  await finish(child, end);
  await expect.poll(() => existsSync(path)).toBe(false);
  await expect.poll(() => isFree(port)).toBe(true);
});

async function finish(child: ChildProcess, end: string): Promise<void> {
  const exit = once(child, 'exit');
  if (end.startsWith('SIG')) child.kill(end as NodeJS.Signals);
  else child.stdin?.write(end);
  await exit;
}
