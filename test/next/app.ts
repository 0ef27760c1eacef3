import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text as streamText } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ROOT } from '../support/built.ts';
import { killAtExit, makeFolder } from '../support/leftovers.ts';
import { freePort } from '../support/ports.ts';
import { eventually, sleep } from '../support/wait.ts';

export const APP = join(ROOT, 'test/next/app');
/** One with `cacheComponents`, as a new app has it; the other one has `revalidate` in its pages, which goes with it no more. */
export const COMPONENTS = join(APP, 'components');
const MODULES = join(APP, 'node_modules');
const NEXT = join(MODULES, 'next/dist/bin/next');

const run = promisify(execFile);
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };

/** Installs what the app's lockfile names, where it is not there yet, and the package as it would be published. */
export async function install(): Promise<void> {
  const lock = readFileSync(join(APP, 'package-lock.json'), 'utf8');
  const mark = join(MODULES, '.installed');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== lock) {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: APP });
    writeFileSync(mark, lock);
  }
  const folder = makeFolder();
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const memts = join(MODULES, 'memts');
  rmSync(memts, { recursive: true, force: true });
  mkdirSync(memts);
  await run('tar', ['xzf', join(folder, stdout.trim()), '-C', memts, '--strip-components=1']);
}

/** Has the handlers compiled as what Next.js's own types say. */
export async function checkTypes(): Promise<void> {
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
  ];
  const lib = ['--lib', 'es2023,dom,dom.iterable,esnext.disposable', '--types', 'node'];
  const roots = ['--typeRoots', join(ROOT, 'node_modules/@types')];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, ...options, ...lib, ...roots, 'types.ts'], { cwd: APP });
}

/** `next build`; how many seconds it took. */
export async function build(folder: string, env: Record<string, string>): Promise<number> {
  const began = performance.now();
  rmSync(join(folder, '.next'), { recursive: true, force: true });
  await run(process.execPath, [NEXT, 'build'], {
    cwd: folder,
    env: { ...process.env, ...QUIET, ...env },
    timeout: 300_000,
  });
  return (performance.now() - began) / 1000;
}

/** One instance of the app. */
export interface Instance extends AsyncDisposable {
  readonly url: string;
  log(): string;
}

/** `next start`, ready for requests. */
export async function start(folder: string, env: Record<string, string>): Promise<Instance> {
  const port = await freePort();
  const child = spawn(process.execPath, [NEXT, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: folder,
    env: { ...process.env, ...QUIET, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killAtExit(child);
  let log = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (log += chunk));
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => child.exitCode !== null || fetch(url).then(() => true), { timeout: 60_000, interval: 100 });
  if (child.exitCode !== null) throw new Error(`next start ended: ${log}`);
  return {
    url,
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // Open connections to servers are no reason to stay.
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(10_000).then(() => Promise.reject(new Error('next start does not end')))]);
    },
  };
}

/** A request on a connection of its own. */
function ask(url: string, method: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, agent: false }, async (response) => {
      response.on('error', reject);
      resolve({ status: response.statusCode, text: await streamText(response) });
    });
    asking.on('error', reject).end();
  });
}

/** What a page shows. Rejects where it is no page. */
export async function shown(instance: Instance, path: string, id = 'value'): Promise<string> {
  const { status, text } = await ask(instance.url + path, 'GET');
  const [, value] = new RegExp(`<p id="${id}">(.*?)</p>`, 's').exec(text) ?? [];
  if (status !== 200 || value === undefined) throw new Error(`${path}: ${status} ${text.slice(0, 200)}`);
  return value.replaceAll('<!-- -->', '').trim();
}

/** Has an instance invalidate, as a webhook would; milliseconds that it took. */
export async function invalidate(instance: Instance, path: string): Promise<number> {
  const began = performance.now();
  const { status, text } = await ask(instance.url + path, 'POST');
  if (status !== 200) throw new Error(`invalidate: ${status} ${text}`);
  return performance.now() - began;
}
