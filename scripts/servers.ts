/**
 * Looks for the programs that the tests run against, and installs what is missing with the machine's package manager.
 * Exits with 1, and says what to install by hand, where it can't. Besides, it brings the memcacheds of other versions;
 * tests of a version that can't be had are skipped, so that is no failure. With --browser it looks for Chromium alone.
 */
import { spawnSync } from 'node:child_process';
import { findProgram, findSaslPlain, libmemcachedNames, memcachedName } from '../test/support/programs.ts';
import { fetchVersions } from './memcached-versions.ts';

interface Manager {
  program: string;
  /** Shell commands; the packages are its arguments. */
  install: string;
  needsRoot: boolean;
}

// Debian starts a service as soon as it is installed, and memcached would then hold port 11211. This file forbids it
// while we install; one that is there already is somebody else's, and decides.
const APT_INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
`;

// One at a time: a package that a system doesn't have must not keep the others out.
const oneByOne = (command: string) => `for package in "$@"; do ${command} "$package"; done`;

const MANAGERS = {
  apt: { program: 'apt-get', install: APT_INSTALL, needsRoot: true },
  apk: { program: 'apk', install: oneByOne('apk add --no-cache'), needsRoot: true },
  dnf: { program: 'dnf', install: oneByOne('dnf install -y -q'), needsRoot: true },
  brew: { program: 'brew', install: oneByOne('brew install -q'), needsRoot: false },
} satisfies Record<string, Manager>;

type ManagerName = keyof typeof MANAGERS;

interface Piece {
  name: string;
  find: () => string | undefined;
  packages: Record<ManagerName, string>;
}

const BROWSER: Piece = {
  name: 'Chromium (looks at the documentation site)',
  find: () => findProgram('chromium', 'chromium-browser', 'google-chrome'),
  packages: { apt: 'chromium', apk: 'chromium', dnf: 'chromium', brew: 'chromium' },
};

const SERVERS: Piece[] = [
  {
    name: 'python3 (drives libmemcached)',
    find: () => findProgram('/usr/bin/python3', 'python3'),
    packages: { apt: 'python3', apk: 'python3', dnf: 'python3', brew: 'python3' },
  },
  {
    name: 'memcached',
    find: () => findProgram(memcachedName()),
    packages: { apt: 'memcached', apk: 'memcached', dnf: 'memcached', brew: 'memcached' },
  },
  {
    name: 'saslpasswd2',
    find: () => findProgram('saslpasswd2'),
    packages: { apt: 'sasl2-bin', apk: 'cyrus-sasl', dnf: 'cyrus-sasl', brew: 'cyrus-sasl' },
  },
  {
    name: 'the SASL plugin for PLAIN',
    find: findSaslPlain,
    packages: { apt: 'libsasl2-modules', apk: 'cyrus-sasl', dnf: 'cyrus-sasl-plain', brew: 'cyrus-sasl' },
  },
  {
    name: 'nutcracker (twemproxy)',
    find: () => findProgram('nutcracker', 'twemproxy'),
    packages: { apt: 'nutcracker', apk: 'nutcracker', dnf: 'twemproxy', brew: 'twemproxy' },
  },
  {
    name: "memcp (libmemcached's tools)",
    find: () => findProgram(...libmemcachedNames('cp')),
    packages: {
      apt: 'libmemcached-tools',
      apk: 'libmemcached',
      dnf: 'libmemcached-awesome-tools',
      brew: 'libmemcached',
    },
  },
  {
    name: 'tmux (shows what the command line does in a terminal)',
    find: () => findProgram('tmux'),
    packages: { apt: 'tmux', apk: 'tmux', dnf: 'tmux', brew: 'tmux' },
  },
  {
    name: 'zsh (completes the command line)',
    find: () => findProgram('zsh'),
    packages: { apt: 'zsh', apk: 'zsh', dnf: 'zsh', brew: 'zsh' },
  },
];

const forSite = process.argv.includes('--browser');
const PIECES = forSite ? [BROWSER] : SERVERS;

process.exitCode = main();
if (process.exitCode === 0 && !forSite) await bringVersions();

async function bringVersions(): Promise<void> {
  const { found, missing } = await fetchVersions();
  if (found.length > 0) console.log(`servers: besides, memcached ${found.map(({ version }) => version).join(', ')}`);
  for (const [name, reason] of missing) {
    console.warn(`servers: memcached ${name} is missing, its tests are skipped: ${reason}`);
  }
}

function main(): number {
  const missing = PIECES.filter((piece) => !piece.find());
  if (missing.length === 0) {
    console.log(`servers: all here (${PIECES.map((piece) => piece.name).join(', ')})`);
    return 0;
  }
  if (process.env.MEMCACHED && !findProgram(memcachedName())) {
    console.error(`servers: MEMCACHED is ${process.env.MEMCACHED}, and there is no such program`);
    return 1;
  }
  for (const piece of PIECES) console.log(`servers: ${piece.name}: ${piece.find() ?? 'missing'}`);

  const name = findManager();
  if (!name) return giveUp(missing, 'apt', 'no package manager that this script knows; the Debian packages are');
  const prefix = asRoot(MANAGERS[name]);
  if (!prefix)
    return giveUp(missing, name, `${MANAGERS[name].program} needs root, or sudo without a password; install`);
  const output = install(name, prefix, missing);
  const stillMissing = missing.filter((piece) => !piece.find());
  if (stillMissing.length === 0) {
    console.log('servers: all here now');
    return 0;
  }
  console.error(output);
  return giveUp(
    stillMissing,
    name,
    `${MANAGERS[name].program} did not bring everything; install, from wherever you can,`,
  );
}

function findManager(): ManagerName | undefined {
  return (Object.keys(MANAGERS) as ManagerName[]).find((name) => findProgram(MANAGERS[name].program));
}

/** What to put before a command; nothing if we may not run it. */
function asRoot({ needsRoot }: Manager): string[] | undefined {
  if (!needsRoot || process.getuid?.() === 0) return [];
  return findProgram('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined;
}

function packagesOf(pieces: Piece[], manager: ManagerName): string[] {
  return [...new Set(pieces.map((piece) => piece.packages[manager]))];
}

function install(manager: ManagerName, prefix: string[], missing: Piece[]): string {
  const packages = packagesOf(missing, manager);
  console.log(`servers: ${MANAGERS[manager].program} installs ${packages.join(' ')}`);
  const [program = 'sh', ...args] = [...prefix, 'sh', '-c', MANAGERS[manager].install, 'sh', ...packages];
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return `${stdout}${stderr}`;
}

function giveUp(missing: Piece[], manager: ManagerName, why: string): number {
  console.error(`servers: missing: ${missing.map((piece) => piece.name).join(', ')}`);
  console.error(`servers: ${why}: ${packagesOf(missing, manager).join(' ')}`);
  return 1;
}
