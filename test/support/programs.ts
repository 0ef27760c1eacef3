import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// An ordinary user's PATH often lacks the sbin folders, where saslpasswd2 and nutcracker live.
const MORE_FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin'];
const KEG_ONLY_FOLDERS = ['/opt/homebrew/opt/cyrus-sasl/sbin', '/usr/local/opt/cyrus-sasl/sbin'];
const LIBRARY_FOLDERS = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/lib', '/opt/homebrew/lib'];

/** The path of the first of these programs that is installed. */
export function findProgram(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS, ...KEG_ONLY_FOLDERS].filter(Boolean);
  for (const name of names) {
    const candidates = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
    const found = candidates.find(isProgram);
    if (found) return found;
  }
  return undefined;
}

/** Like `findProgram`, for a test that cannot go on without it. */
export function requireProgram(...names: string[]): string {
  const found = findProgram(...names);
  if (!found) throw new Error(`${names.join(' or ')} is not installed: "npm run servers" installs it`);
  return found;
}

/** The names under which to look for memcached; the environment's MEMCACHED comes instead of the usual one. */
export function memcachedName(): string {
  return process.env.MEMCACHED || 'memcached';
}

/** Both names of a tool of libmemcached: `memcp` is `memccp` on Debian, `memcat` is `memccat`, `memrm` is `memcrm`. */
export function libmemcachedNames(tool: 'cp' | 'cat' | 'rm' | 'stat' | 'flush' | 'exist' | 'touch'): string[] {
  return [`mem${tool}`, `memc${tool}`];
}

/** The SASL library's plugin for PLAIN, which is a package of its own on some systems. */
export function findSaslPlain(): string | undefined {
  return LIBRARY_FOLDERS.flatMap((folder) => [folder, ...multiarchFolders(folder)])
    .map((folder) => join(folder, 'sasl2'))
    .flatMap((folder) => entries(folder).map((name) => join(folder, name)))
    .find((path) => /\/(lib)?plain\.([\d.]+)?(so|dylib)/.test(path));
}

function multiarchFolders(folder: string): string[] {
  return entries(folder)
    .filter((name) => name.includes('-linux-'))
    .map((name) => join(folder, name));
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
