import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './built.ts';
import { cachedPackages } from './npm.ts';

/** A program that runs JavaScript, in the version that is tested. */
export interface Runtime {
  name: string;
  version: string;
  /** What stands before the program's name on its command line. */
  args: readonly string[];
  /** The npm package that brings it on this machine; none where npm has none for it. */
  package: string | undefined;
  /** Its path in that package. */
  program: string;
}

const CACHE = join(ROOT, 'node_modules/.cache');
const WINDOWS = process.platform === 'win32' ? '.exe' : '';

const nodeArch = process.platform === 'win32' ? `win-${process.arch}` : `${process.platform}-${process.arch}`;
/** Alpine and the like have another C library, for which only Bun is built among these. */
const onMusl = process.platform === 'linux' && !glibcVersion();

function glibcVersion(): unknown {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: unknown } };
  return report.header?.glibcVersionRuntime;
}

function node(version: string): Runtime {
  const known = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win-x64'].includes(nodeArch) && !onMusl;
  return {
    name: `Node.js ${version.split('.')[0]}`,
    version,
    args: [],
    package: known ? `node-${nodeArch}` : undefined,
    program: `bin/node${WINDOWS}`,
  };
}

// The baseline builds of Bun run on processors without AVX2, too.
const BUN: Readonly<Record<string, string>> = {
  'linux-x64': `@oven/bun-linux-x64${onMusl ? '-musl' : ''}-baseline`,
  'linux-arm64': `@oven/bun-linux-aarch64${onMusl ? '-musl' : ''}`,
  'darwin-x64': '@oven/bun-darwin-x64-baseline',
  'darwin-arm64': '@oven/bun-darwin-aarch64',
  'win-x64': '@oven/bun-windows-x64-baseline',
};

const DENO: Readonly<Record<string, string>> = {
  'linux-x64': '@deno/linux-x64-glibc',
  'linux-arm64': '@deno/linux-arm64-glibc',
  'darwin-x64': '@deno/darwin-x64',
  'darwin-arm64': '@deno/darwin-arm64',
  'win-x64': '@deno/win32-x64',
};

export const RUNTIMES: readonly Runtime[] = [
  node('20.20.2'),
  node('22.23.3'),
  node('24.21.0'),
  { name: 'Bun', version: '1.4.5', args: ['run'], package: BUN[nodeArch], program: `bin/bun${WINDOWS}` },
  {
    name: 'Deno',
    version: '2.9.6',
    // The packages are those of the folder; nothing is looked for elsewhere.
    args: ['run', '--allow-all', '--no-remote', '--node-modules-dir=manual'],
    package: onMusl ? undefined : DENO[nodeArch],
    program: `deno${WINDOWS}`,
  },
];

/** The path of a runtime's program, if it is there already. */
export function findRuntime(runtime: Runtime): string | undefined {
  if (runtime.name === `Node.js ${process.versions.node.split('.')[0]}`) return process.execPath;
  if (runtime.package === undefined) return undefined;
  const path = join(CACHE, nameOf(runtime), 'node_modules', runtime.package, runtime.program);
  return existsSync(path) ? path : undefined;
}

/** The same, installed from npm where it is not there; rejects, and says why, where it can't be had in that time. */
export async function installRuntime(runtime: Runtime, seconds: number): Promise<string> {
  const found = findRuntime(runtime);
  if (found !== undefined) return found;
  if (runtime.package === undefined) throw new Error(`npm has no package of ${runtime.name} for this machine`);
  await cachedPackages(nameOf(runtime), [`${runtime.package}@${runtime.version}`], seconds);
  const installed = findRuntime(runtime);
  if (installed === undefined) throw new Error(`${runtime.package} ${runtime.version} has no ${runtime.program}`);
  return installed;
}

function nameOf({ name, version }: Runtime): string {
  return `memts-runtimes/${name.split(' ')[0]?.toLowerCase()}-${version}`;
}
