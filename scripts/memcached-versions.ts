/**
 * Brings the memcacheds of other Debian suites into a cache folder, without installing them: apt downloads the program
 * and its libraries, with lists of its own, and they run by their own dynamic loader.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findVersions, type MemcachedVersion, versionsFolder } from '../test/support/memcacheds.ts';
import { findProgram } from '../test/support/programs.ts';

const run = promisify(execFile);

const MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SOURCES = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];

/** What memcached needs of its dependencies: libraries, and SASL's plugins, which it loads itself. */
const PACKAGES = ['memcached', 'libsasl2-modules'];
const NEEDED = /^(?!libperl|libsystemd-shared)(memcached|lib|zlib1g)/;

/** Brings those that are not there yet. Gives back, for each of the four, what is there now or why it is missing. */
export async function fetchVersions(): Promise<{ found: MemcachedVersion[]; missing: [string, reason: string][] }> {
  const absent = findVersions().filter(({ program }) => program === undefined);
  const reasons = new Map<string, string>();
  const begin = performance.now();
  if (absent.length > 0) console.log(`servers: apt brings memcached ${absent.map(({ name }) => name).join(', ')}`);
  await Promise.all(
    absent.map(async ({ suite, name }) => {
      await fetchSuite(suite).catch((error: Error) => reasons.set(name, firstLine(error)));
    }),
  );
  const found = findVersions().filter(({ program }) => program !== undefined);
  if (absent.length > 0) console.log(`servers: took ${Math.round((performance.now() - begin) / 1000)} s`);
  return { found, missing: [...reasons] };
}

async function fetchSuite(suite: string): Promise<void> {
  if (!findProgram('apt-get') || !findProgram('dpkg-deb')) throw new Error('there is no apt here');
  if (!existsSync(KEYRING)) throw new Error(`there is no ${KEYRING} to verify Debian's packages by`);
  const base = versionsFolder();
  mkdirSync(base, { recursive: true });
  // Made beside the folder that it becomes, so that a half-made one, or one of two runs at once, is never taken for it.
  const work = mkdtempSync(join(base, `.${suite}-`));
  try {
    const whole = join(work, 'whole');
    await unpack(await download(suite, work), join(whole, 'root'));
    await makeProgram(whole);
    put(whole, join(base, suite));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads the packages of a suite into a folder below `work`, and gives back their files. */
async function download(suite: string, work: string): Promise<string[]> {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror()} ${suite} main\n`);
  writeFileSync(join(work, 'status'), '');
  const config = join(work, 'apt.conf');
  writeFileSync(config, settings(work));
  const apt = (...args: string[]) => run('apt-get', ['-qq', '-c', config, ...args], { cwd: join(work, 'debs') });
  await apt('update');
  // As for a machine that has nothing yet: the whole closure, in one call.
  const { stdout } = await apt('install', '--no-install-recommends', '--print-uris', ...PACKAGES);
  const names = [...stdout.matchAll(/^'[^']*' ([^_\s]+)_/gm)].map(([, name = '']) => name);
  await apt('download', ...names.filter((name) => NEEDED.test(name)));
  return readdirSync(join(work, 'debs')).map((file) => join(work, 'debs', file));
}

/** Read after the machine's own settings, of which proxies and the like stay. */
function settings(work: string): string {
  const options = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': work,
    'Dir::State::lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    // Images for containers switch these off, and every call would read the whole list again.
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
    'Acquire::Languages': 'none',
    // Else apt goes on with what it could get, and only misses the package.
    'APT::Update::Error-Mode': 'any',
    'Acquire::http::Timeout': '20',
    // A user of apt's own could not look into this folder.
    'APT::Sandbox::User': 'root',
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} "${value}";\n`);
  return `#clear APT::Update;\n${lines.join('')}`;
}

/** Where the machine itself has Debian's packages from, if it has. */
function mirror(): string {
  const text = SOURCES.filter(existsSync)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  return /^(?:URIs:|deb\s(?:\[[^\]]*\])?)\s*(\S+\/debian\/?)(?=\s)/m.exec(text)?.[1] ?? MIRROR;
}

async function unpack(packages: readonly string[], root: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  for (const file of packages) await run('dpkg-deb', ['-x', file, root]);
}

/** Writes the script that runs memcached by its own loader and libraries, wherever the folder stands, and asks for its version. */
async function makeProgram(folder: string): Promise<void> {
  const libraries = ['lib', 'usr/lib'].flatMap((path) => entriesOf(folder, `root/${path}`, /-linux-gnu/));
  const loader = libraries.flatMap((path) => entriesOf(folder, path, /^ld-linux.*\.so\.\d+$/))[0];
  if (loader === undefined) throw new Error('there is no dynamic loader among the packages');
  const program = join(folder, 'memcached');
  const folders = libraries.map((path) => `$here/${path}`);
  const script = [
    '#!/bin/sh',
    `here=\${0%/*}`,
    `export SASL_PATH="${folders.map((path) => `${path}/sasl2`).join(':')}"`,
    `exec "$here/${loader}" --library-path "${folders.join(':')}" "$here/root/usr/bin/memcached" "$@"`,
    '',
  ];
  writeFileSync(program, script.join('\n'), { mode: 0o755 });
  const { stdout } = await run(program, ['-V']);
  writeFileSync(join(folder, 'version'), `${stdout.trim().replace(/^memcached /, '')}\n`);
}

function entriesOf(base: string, path: string, name: RegExp): string[] {
  const folder = join(base, path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((entry) => name.test(entry))
    .map((entry) => `${path}/${entry}`);
}

/** Another run may have been faster: then its folder stays. */
function put(whole: string, target: string): void {
  try {
    renameSync(whole, target);
  } catch (error) {
    if (!existsSync(join(target, 'memcached'))) throw error;
  }
}

function firstLine(error: Error & { stderr?: string }): string {
  const said = error.stderr?.match(/^E: .*$/m)?.[0] ?? error.message;
  return said.split('\n')[0] ?? '';
}
