import { execFileSync } from 'node:child_process';
import { hasMemcached, MEMCACHEDS, memcachedVersion, type VersionName } from './memcacheds.ts';
import { memcachedName, requireProgram } from './programs.ts';

/** A server that the suites can be run against as a whole. */
export interface Subject {
  name: string;
  /** @default the machine's own, or the environment's MEMCACHED */
  version?: VersionName;
  /** Arguments that every one of its servers gets. */
  args: readonly string[];
  /** Whether it is memcached's own proxy, in front of two servers. */
  proxied?: boolean;
}

const FLAGS = ['-C', '-F', '-M -m 2', '-B ascii', '-B binary', '-o idle_timeout=1'];

/** What the matrix of `npm run test:servers` consists of. */
export const SUBJECTS: readonly Subject[] = [
  ...MEMCACHEDS.map(({ name: version }) => ({ name: version, version, args: [] })),
  { name: '1.6.45 proxy', version: '1.6.45', args: [], proxied: true },
  ...MEMCACHEDS.flatMap(({ name: version }) =>
    FLAGS.map((flags) => ({ name: `${version} ${flags}`, version, args: flags.split(' ') })),
  ),
];

/** Their names: every version, and the newest as a proxy and with each of the flags. */
export const NEWEST_SUBJECTS = SUBJECTS.filter(
  ({ version, args }) => args.length === 0 || version === MEMCACHEDS.at(-1)?.name,
).map(({ name }) => name);

const ITSELF: Subject = { name: 'memcached', args: [] };

/** What this process's tests run against, by the environment's MEMTS_SUBJECT: what `startMemcached()` starts. */
export const SUBJECT: Subject = findSubject(process.env.MEMTS_SUBJECT);

function findSubject(name: string | undefined): Subject {
  if (!name) return ITSELF;
  const found = SUBJECTS.find((subject) => subject.name === name);
  if (found === undefined)
    throw new Error(`MEMTS_SUBJECT: there is no ${name} among ${SUBJECTS.map((s) => s.name).join(', ')}`);
  return found;
}

/** Whether `npm run test:servers` chose the server; what is no memcached is then left out. */
export const CHOSEN = SUBJECT !== ITSELF;

/** Whether what takes its time is left out. */
export const COMPACT = Boolean(process.env.MEMTS_COMPACT);

/** Whether `npm run servers` could bring it; its tests are skipped otherwise. */
export const AT_HAND = isAtHand(SUBJECT.version);

function isAtHand(version: VersionName | undefined): boolean {
  return version === undefined || hasMemcached(version);
}

export function programOf(version: VersionName | undefined): string {
  if (version === undefined) return requireProgram(memcachedName());
  const { program } = memcachedVersion(version);
  if (program === undefined) throw new Error(`memcached ${version} is not at hand: "npm run servers" brings it`);
  return program;
}

/** What a server can do, for the cases where they really differ. */
export interface Abilities {
  protocols: readonly ('binary' | 'meta' | 'classic')[];
  /** What a client that finds out for itself ends up with. */
  found: 'binary' | 'meta' | 'classic';
  /** Items have a CAS. */
  cas: boolean;
  /** `delete` over meta compares the CAS. */
  metaDeleteCas: boolean;
  flush: boolean;
  /** A read over meta that names the CAS of an unchanged item gets no value. */
  sparesUnchanged: boolean;
  /** How long an item has left can be asked for. */
  ttl: boolean;
  /** It lists its keys, in text. */
  lists: boolean;
  /** What it refuses of one command fails no other: a proxy closes its connection to the server then. */
  steady: boolean;
  /** The key `noreply` can be read over classic, where the built-in proxy takes it for an option and finds nothing. */
  readsNoreply: boolean;
  /** Counts from 2^63 on, where older ones refuse to, now and then: they look for a "-" in what lies behind the value. */
  countsHigh: boolean;
  /** Its statistics count the commands of clients. */
  counts: boolean;
  sasl: boolean;
  /** ASCII authentication. */
  login: boolean;
  tls: boolean;
  /** Whether connections stay open while nothing happens on them. */
  idles: boolean;
  /** Whether there is place for many items of a megabyte. */
  roomy: boolean;
}

export const EVERYTHING: Abilities = {
  protocols: ['binary', 'meta', 'classic'],
  found: 'meta',
  cas: true,
  metaDeleteCas: true,
  flush: true,
  sparesUnchanged: true,
  ttl: true,
  lists: true,
  steady: true,
  readsNoreply: true,
  countsHigh: true,
  counts: true,
  sasl: true,
  login: true,
  tls: true,
  idles: true,
  roomy: true,
};

export function abilitiesOf({ version, args, proxied = false }: Subject): Abilities {
  if (!isAtHand(version)) return EVERYTHING;
  const help = execFileSync(programOf(version), ['-h'], { encoding: 'utf8' });
  const release = Number(/^memcached 1\.6\.(\d+)/.exec(help)?.[1] ?? 0);
  const flags = args.join(' ');
  const text = release >= 10 ? (['meta', 'classic'] as const) : (['classic'] as const);
  const onlyText = proxied || flags.includes('-B ascii');
  const onlyBinary = flags.includes('-B binary');
  const protocols = onlyText ? text : onlyBinary ? (['binary'] as const) : (['binary', ...text] as const);
  return {
    protocols,
    found: onlyBinary ? 'binary' : release >= 10 ? 'meta' : onlyText ? 'classic' : 'binary',
    cas: !flags.includes('-C'),
    metaDeleteCas: release >= 13,
    flush: !proxied && !flags.includes('-F'),
    sparesUnchanged: release >= 40,
    ttl: !onlyBinary,
    lists: !proxied && !onlyBinary,
    steady: !proxied,
    readsNoreply: !proxied,
    countsHigh: release >= 38,
    counts: !proxied,
    sasl: !onlyText,
    login: !proxied && !onlyBinary,
    tls: !proxied && help.includes('ssl_chain_cert'),
    idles: !flags.includes('idle_timeout'),
    roomy: !flags.includes('-M'),
  };
}

/** What the subject can do. */
export const CAN: Abilities = abilitiesOf(SUBJECT);
