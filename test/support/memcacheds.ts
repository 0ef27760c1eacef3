import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The Debian suites that the tests take a memcached of their own from, oldest first, and the version that is expected there. */
const SUITES = { bullseye: '1.6.9', bookworm: '1.6.18', trixie: '1.6.38', forky: '1.6.45' } as const;

export type Suite = keyof typeof SUITES;

/** The version by which tests ask for a server; what Debian's testing suite has by now may be a later one. */
export type VersionName = (typeof SUITES)[Suite];

export interface MemcachedVersion {
  suite: Suite;
  name: VersionName;
  /** What it says itself, or `name` where it is not at hand. */
  version: string;
  /** The path of the program, if `npm run servers` could bring it. */
  program: string | undefined;
}

/** Where `npm run servers` unpacks the versions: outside the repository, so that all clones share them. */
export function versionsFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'memts', 'memcached');
}

export function findVersions(folder = versionsFolder()): MemcachedVersion[] {
  return Object.entries(SUITES).map(([suite, name]) => {
    const program = join(folder, suite, 'memcached');
    const found = existsSync(program);
    const version = found ? readFileSync(join(folder, suite, 'version'), 'utf8').trim() : name;
    return { suite: suite as Suite, name, version, program: found ? program : undefined };
  });
}

/** All four, oldest first, at hand or not. */
export const MEMCACHEDS: readonly MemcachedVersion[] = findVersions();

export function memcachedVersion(name: VersionName): MemcachedVersion {
  const found = MEMCACHEDS.find((memcached) => memcached.name === name);
  if (found === undefined) throw new Error(`no suite has memcached ${name}`);
  return found;
}

/** Whether a test of that version can run here: `describe.skipIf(!hasMemcached('1.6.9'))`. */
export function hasMemcached(name: VersionName): boolean {
  return memcachedVersion(name).program !== undefined;
}
