import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What the tests put on the machine (processes and temporary folders), and how it goes away again with the process
 * that made it. The exit handler does that in most cases. It does not run when the process is killed by a signal; so
 * a small shell waits beside it for the end of its standard input, which comes with the end of the process, however
 * that ended. It finds the processes by files that are named after them.
 */
let root: string | undefined;
let folders = 0;
const children = new Set<ChildProcess>();

const WATCHER = `
read -r _
for file in "$0"/pids/*; do kill -9 "\${file##*/}" 2>/dev/null; done
rm -rf -- "$0"
`;

/** A new folder for temporary files. */
export function makeFolder(): string {
  folders += 1;
  const folder = join(rootFolder(), String(folders));
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Has the process killed, at the latest, when this one ends. */
export function killAtExit(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const file = join(rootFolder(), 'pids', String(child.pid));
  writeFileSync(file, '');
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    rmSync(file, { force: true });
  });
}

function rootFolder(): string {
  if (root === undefined) {
    root = mkdtempSync(join(tmpdir(), 'memts-test-'));
    mkdirSync(join(root, 'pids'));
    watch(root);
    process.once('exit', clear);
  }
  return root;
}

function watch(folder: string): void {
  // Detached: a Ctrl-C at the terminal goes to the whole process group, and the watcher has to outlive it.
  const watcher = spawn('sh', ['-c', WATCHER, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.unref();
  (watcher.stdin as Socket).unref();
}

function clear(): void {
  for (const child of children) child.kill('SIGKILL');
  if (root !== undefined) removeFolder(root);
}
