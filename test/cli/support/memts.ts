import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../../support/built.ts';
import { killAtExit, makeFolder } from '../../support/leftovers.ts';

/** A test starts many processes, and the machine may be busy: in milliseconds. */
export const PATIENCE = 120_000;

let bundle: Promise<string> | undefined;

/** The program, in one file: made from the sources, as the build makes it, so that no test needs a build before it. */
export function program(): Promise<string> {
  bundle ??= makeBundle('main');
  return bundle;
}

/** One of its modules, with all that it imports. */
export async function makeBundle(name: 'main' | 'program' | 'progress' | 'screen/table-view'): Promise<string> {
  const outfile = join(makeFolder(), 'memts.mjs');
  await build({
    entryPoints: [join(ROOT, `cli/src/${name}.ts`)],
    tsconfig: join(ROOT, 'tsconfig.json'),
    bundle: true,
    minifyWhitespace: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    // Some of what it depends on is CommonJS.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

export interface RunOptions {
  /** What stands in for MEMCACHE_SERVERS. */
  servers?: string;
  env?: Record<string, string>;
  /** Standard input. */
  input?: string | Buffer;
  cwd?: string;
  /** Called with the child as soon as it runs. */
  meanwhile?: (child: ReturnType<typeof spawn>) => unknown;
}

export interface Finished {
  /** The exit code; of a process that a signal ended, the signal. */
  code: number | string;
  stdout: string;
  stderr: string;
  /** Standard output, byte by byte. */
  bytes: Buffer;
}

/** The environment of a run: nothing of memts's that the program looks at. */
export function environment({ servers, env }: RunOptions): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(MEMCACH|CI$|FORCE_COLOR|NO_COLOR|NODE_)/.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    ...(servers === undefined ? {} : { MEMCACHE_SERVERS: servers }),
    ...env,
  };
}

/** With time for a busy machine, where the test is not about that. */
export function patient(args: readonly string[]): readonly string[] {
  const [command = ''] = args;
  return /^(-|complet|help)/.test(command) || args.includes('--timeout') ? args : ['--timeout', '20', ...args];
}

/** Runs `memts` in pipes, to its end. */
export async function memts(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const file = await program();
  const child = spawn(process.execPath, [file, ...patient(args)], {
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  killAtExit(child);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const closed = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? String(signal)));
  });
  await options.meanwhile?.(child);
  const code = await closed;
  const bytes = Buffer.concat(out);
  return { code, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes };
}

/** The objects of JSON lines. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
