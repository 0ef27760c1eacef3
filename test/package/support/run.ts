import { execFile } from 'node:child_process';

/** Without what npm and vitest put there for their own children, and without servers of the machine's own. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|MEMCACHE_|MEMCACHIER_|VITEST|NODE_|FORCE_COLOR)/i.test(name)),
);

export interface Output {
  stdout: string;
  stderr: string;
}

/**
 * Runs a program and resolves with what it printed; rejects with the same when it ends with any other code than these,
 * or takes over 100 seconds.
 */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  codes: readonly number[] = [0],
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...ENVIRONMENT, NO_COLOR: '1', ...env }, timeout: 100_000, maxBuffer: 2 ** 26 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (codes.includes(error === null ? 0 : Number(error.code))) resolve({ stdout, stderr });
      else reject(new Error(`${program} ${args.join(' ')}: ${error?.message}\n${stdout}\n${stderr}`));
    });
    child.stdin?.end();
  });
}
