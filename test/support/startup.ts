import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../package/support/run.ts';

/** How a program loads a package. */
export type Way = 'import' | 'require';

const PROGRAMS: Readonly<Record<Way, (name: string) => string>> = {
  require: (name) => measured(`require('${name}');`),
  import: (name) => measured(`await import('${name}');`),
};

/** A program that prints the processor time of all its threads, in microseconds, that `load` takes. */
function measured(load: string): string {
  return `const before = process.cpuUsage();
${load}
const { user, system } = process.cpuUsage(before);
console.log(user + system);
`;
}

/** How a program of Node.js is started. */
export interface Program {
  name: string;
  /** What comes behind `node`. */
  args: readonly string[];
  /** What it may end with. */
  codes?: readonly number[];
}

/** Prints the processor time of a whole process, in microseconds, when it ends. */
const AT_EXIT = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeSync(2, '\\ncpu ' + (user + system));
});
`;

/** The processor time of each program from its start to its end, in milliseconds: they take turns, so many times. */
export async function timesOfPrograms(
  programs: readonly Program[],
  times: number,
  cwd = tmpdir(),
  env: Readonly<Record<string, string>> = {},
): Promise<Map<string, number[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'memts-startup-'));
  const hook = join(folder, 'at-exit.cjs');
  writeFileSync(hook, AT_EXIT);
  const found = new Map(programs.map(({ name }) => [name, [] as number[]]));
  try {
    for (let i = 0; i < times; i++) {
      for (const { name, args, codes } of programs) {
        const { stderr } = await run(process.execPath, ['--require', hook, ...args], cwd, env, codes);
        found.get(name)?.push(Number(/cpu (\d+)$/.exec(stderr)?.[1]) / 1000);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

/** Programs that load packages out of a folder of modules, each by itself in a fresh process. */
export class Startup {
  readonly #folder = mkdtempSync(join(tmpdir(), 'memts-startup-'));

  /** `packages` is where each package is, by the name that it is loaded under. */
  constructor(packages: Readonly<Record<string, string>>) {
    const modules = join(this.#folder, 'node_modules');
    mkdirSync(modules);
    for (const [name, path] of Object.entries(packages)) symlinkSync(path, join(modules, name));
  }

  /** The median time in milliseconds that each takes: one process of each in turn, so many times. */
  medians(names: readonly string[], way: Way, times: number): Promise<Map<string, number>> {
    return this.#measure(names, way, times, median);
  }

  /** The same with the least time of each: what else the machine does only adds to that. */
  minima(names: readonly string[], way: Way, times: number): Promise<Map<string, number>> {
    return this.#measure(names, way, times, (values) => Math.min(...values));
  }

  async #measure(
    names: readonly string[],
    way: Way,
    times: number,
    summary: (values: readonly number[]) => number,
  ): Promise<Map<string, number>> {
    const found = new Map(names.map((name) => [name, [] as number[]]));
    for (let i = 0; i < times; i++) {
      for (const name of names) found.get(name)?.push(await this.#once(name, way));
    }
    return new Map([...found].map(([name, all]) => [name, summary(all) / 1000]));
  }

  async #once(name: string, way: Way): Promise<number> {
    const file = join(this.#folder, `${name}.${way === 'import' ? 'mjs' : 'cjs'}`);
    writeFileSync(file, PROGRAMS[way](name));
    const { stdout } = await run(process.execPath, [file], this.#folder);
    return Number(stdout);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
