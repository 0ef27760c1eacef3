import { type Address, parseServers } from '../../src/cluster/address.ts';
import { dataBlock, isWhole, parseConfiguration } from '../../src/cluster/discovery/elasticache-answer.ts';
import { MemcacheError } from '../../src/errors.ts';
import { Header, parseMessage } from '../../src/protocol/binary/message.ts';
import type { Decisions } from './decisions.ts';
import { recorded } from './exchanges.ts';
import { checkPrototypes, Violation } from './guards.ts';
import { mutate } from './mutate.ts';
import type { Target } from './target.ts';

function check(holds: boolean, promise: string): void {
  if (!holds) throw new Violation(`broken: ${promise}`);
}

/** MemJS's reading of frames: `Utils.parseMessage`, `Header.fromBuffer` and back. */
export function messages(): Target {
  const frames = recorded('binary').map(({ reply }) => reply);
  const counts = { whole: 0, incomplete: 0 };
  return {
    name: 'message',
    reads: '`Utils.parseMessage`, `Header`',
    counts,
    run(decisions) {
      const { bytes } = mutate(decisions.of(frames), decisions, 4);
      if (bytes.length >= 24) {
        const header = Header.fromBuffer(bytes);
        check(Header.toBuffer(header).equals(bytes.subarray(0, 24)), 'a header comes back as it was');
      }
      // Its type does not tell of the `false`, as MemJS's does not.
      const message: ReturnType<typeof parseMessage> | false = parseMessage(bytes);
      if (!message) {
        counts.incomplete++;
        return;
      }
      counts.whole++;
      const { header, extras, key, val } = message;
      check(extras.length === header.extrasLength && key.length === header.keyLength, 'parts have their lengths');
      check(extras.length + key.length + val.length === header.totalBodyLength, 'the parts are the whole');
      for (const part of [extras, key, val]) check(part.buffer === bytes.buffer, 'parts are views');
    },
  };
}

const SECRET = 's3cr3t';

const ADDRESS_WORDS = [
  ...['memcached://', 'memcacheds://', 'MEMCACHED://', 'unix://', 'http://', '//', '/', '/run/memcached.sock'],
  ...[
    'user',
    SECRET,
    ':',
    '@',
    ',',
    ' ',
    'host',
    'example.com',
    '127.0.0.1',
    '[::1]',
    '::1',
    '[',
    ']',
    '%',
    '%41',
    '%zz',
  ],
  ...['11211', '80', '0', '65535', '65536', '-1', '1e3', '?', '&', '=', '?weight=2', '?weight=', 'weight', '#', '\\'],
  ...['\r\n', '\0', '\t', '\u00fc', '\ud800', '__proto__', '.', '0x10', '\u3002', '9'.repeat(400)],
];

/** Server strings. */
export function addresses(): Target {
  const counts = { understood: 0, refused: 0 };
  return {
    name: 'addresses',
    reads: 'server strings',
    counts,
    run(decisions) {
      const text = Array.from({ length: 1 + decisions.below(9) }, () => decisions.of(ADDRESS_WORDS)).join('');
      const found = refusable(() => parseServers(text), ['ERR_INVALID_ARGUMENT'], [SECRET]);
      if (found === undefined) counts.refused++;
      else counts.understood++;
      for (const address of found ?? []) checkAddress(address);
      checkPrototypes();
    },
  };
}

function checkAddress({ host, port, path, weight, username, password }: Address): void {
  check(host !== '', 'there is a host');
  if (path === undefined) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    check(!/[\s\0-\x1f\x7f/?#]/.test(host), 'a host has no spaces and control characters');
    check(Number.isInteger(port) && port >= 1 && port <= 65535, 'a port is from 1 to 65535');
  } else check(path.startsWith('/') && !path.includes('\0'), 'a path is absolute');
  if (weight !== undefined) check(weight > 0 && Number.isFinite(weight), 'a weight is above 0');
  for (const part of [username, password])
    check(part === undefined || typeof part === 'string', 'credentials are text');
}

const NODES = [
  'CONFIG cluster 0 136\r\n12\nmycluster.0001.use1.cache.amazonaws.com|10.112.21.1|11211 mycluster.0002.use1.cache.amazonaws.com|10.112.21.2|11211\n\r\nEND\r\n',
  'VALUE AmazonElastiCache:cluster 0 34\r\n3\nhost|10.0.0.1|11211 |10.0.0.2|1\n\r\nEND\r\n',
  'CONFIG cluster 0 3\r\n1\n\n\r\nEND\r\n',
  'END\r\n',
  'ERROR\r\n',
  'SERVER_ERROR no\r\n',
].map((text) => Buffer.from(text));

/** What a configuration endpoint answers. */
export function clusterConfigurations(): Target {
  const counts = { nodes: 0, refused: 0, incomplete: 0 };
  return {
    name: 'elasticache',
    reads: "a configuration endpoint's answers",
    counts,
    run(decisions: Decisions) {
      const answer = mutate(decisions.of(NODES), decisions, 5).bytes.toString('latin1');
      if (!isWhole(answer)) {
        counts.incomplete++;
        return;
      }
      const nodes = refusable(() => parseConfiguration(dataBlock(answer) ?? '').nodes, ['ERR_PROTOCOL'], []);
      if (nodes === undefined) counts.refused++;
      for (const { host, port } of nodes ?? []) {
        counts.nodes++;
        check(host !== '' && !/\s/.test(host), 'a node has a name');
        check(Number.isInteger(port) && port > 0 && port < 65536, 'a node has a port');
      }
    },
  };
}

/** What a function returns, or nothing where it refuses with one of these codes and tells no secret. */
export function refusable<T>(read: () => T, codes: readonly string[], secrets: readonly string[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MemcacheError && codes.includes(error.code))) throw error;
    for (const secret of secrets) check(!error.message.includes(secret), 'no error tells what it was given');
    return undefined;
  }
}
