import { readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { compressed } from '../../src/serializers/compress.ts';
import { dalliSerializer } from '../../src/serializers/foreign/dalli.ts';
import { load, NOT_PLAIN } from '../../src/serializers/foreign/marshal.ts';
import { phpSerializer } from '../../src/serializers/foreign/php.ts';
import { pylibmcSerializer, pymemcacheSerializer } from '../../src/serializers/foreign/python.ts';
import { jsonSerializer } from '../../src/serializers/json.ts';
import type { Serializer } from '../../src/serializers/serializer.ts';
import { structuredSerializer } from '../../src/serializers/structured.ts';
import type { Decisions } from './decisions.ts';
import { checkMemory, checkPrototypes, resetMemory, Violation } from './guards.ts';
import { mutate } from './mutate.ts';
import type { Target } from './target.ts';
import { refusable } from './text-targets.ts';

interface Stored {
  flags: number;
  bytes: Buffer;
}

const FIXTURES = new URL('../unit/serializers/fixtures/', import.meta.url);

/** What a reader may refuse a value with. */
const REFUSALS = ['ERR_UNSUPPORTED', 'ERR_VALUE_TOO_LARGE', 'ERR_COUNTER_RANGE'];

const MOST_OUTPUT = 100_000;

/** What one value may take: what it is decompressed to, some times over, with what zlib takes for itself. */
const MOST_MEMORY = 8 * MOST_OUTPUT;

/** A value takes a small part of this, on any machine; in milliseconds. */
const MOST_TIME = 300;

/** A longer one costs too much time for each of a million inputs. */
const MAX_FIXTURE = 5_000;

/** What lay in memcached after another language's client had written there. */
function fixtures(client: string): Stored[] {
  const files = readdirSync(FIXTURES).filter((file) => file.startsWith(`${client}-`) && file.endsWith('.json'));
  return files
    .flatMap((file) => {
      const { items } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as {
        items: Record<string, { flags: number; hex: string }>;
      };
      return Object.values(items).map(({ flags, hex }) => ({ flags, bytes: Buffer.from(hex, 'hex') }));
    })
    .filter(({ bytes }) => bytes.length <= MAX_FIXTURE);
}

/** What a serializer of memts writes. */
function written<TIn>({ serialize }: Serializer<TIn, unknown>, values: readonly TIn[]): Stored[] {
  return values.map((value) => {
    const stored = serialize(1, value, Buffer.alloc(8));
    return { bytes: Buffer.from(stored.value), flags: stored.extras.readUInt32BE(0) };
  });
}

const VALUES = [
  '',
  'text',
  'ü\r\nEND',
  0,
  -0,
  1.5e300,
  Number.NaN,
  2 ** 53 - 1,
  2n ** 64n,
  -(2n ** 200n),
  true,
  null,
  [1, [2, [3]]],
  { a: { b: 'c' }, d: [null, false] },
  JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  Buffer.from([0, 255, 128, 10]),
  'long '.repeat(200),
];

/** What JSON has no form for. */
const STRUCTURED = [
  { at: new Date(0), map: new Map<unknown, unknown>([[1, new Set([undefined, -0, Number.NaN])]]), big: 2n ** 70n },
  [Buffer.from('bytes'), new Float64Array(3), new BigInt64Array(2), Object.create(null)],
  [{ $date: 1 }, { $$x: undefined }, JSON.parse('{"__proto__":{"$map":[]}}'), undefined],
];

/** Text and bytes under flags of all kinds, and compressed data that comes to much more than it is. */
const ODD: readonly Stored[] = [
  '{"__proto__":{"polluted":1}}',
  '['.repeat(500),
  '{"a":'.repeat(300),
  '9'.repeat(700),
  `${' '.repeat(700)}x`,
  `${'1'.repeat(700)}x`,
  '1e999999999',
  '\x04\x08o:\x0bObject\x06:\x07@aF',
  '\x04\x08[\x06[\x06[\x06i\x06',
  'a:1:{i:0;O:8:"stdClass":0:{}}',
  'cos\nsystem\n(S"id"\ntR.',
].flatMap((text) => [0, 1, 2, 4, 5, 6, 16].map((flags) => ({ flags, bytes: Buffer.from(text, 'latin1') })));

const BOMB = Buffer.alloc(400_000);
const BOMBS: readonly Stored[] = [
  ...[2, 3, 8].map((flags) => ({ flags, bytes: deflateSync(BOMB) })),
  ...[2, 3].map((flags) => ({ flags, bytes: gzipSync(BOMB) })),
  { flags: 0x6d110000, bytes: gzipSync(BOMB) },
  { flags: 0x6d220000, bytes: deflateSync(BOMB) },
  { flags: 0x6d330000, bytes: brotliCompressSync(BOMB) },
  // FastLZ: a byte, and matches of the greatest length.
  {
    flags: 0x50,
    bytes: Buffer.concat([Buffer.from([0x59, 0x1a, 6, 0, 0, 0x61]), Buffer.alloc(3 * 1515, '\xe0\xff\0', 'latin1')]),
  },
];

function target(name: string, reads: string, stored: readonly Stored[], read: (stored: Stored) => unknown): Target {
  const counts = { understood: 0, refused: 0 };
  const attempt = (value: Stored) => refusable(() => ({ value: read(value) }), REFUSALS, []);
  const run = (decisions: Decisions): void => {
    const { flags, bytes } = decisions.of(stored);
    const changed = mutate(bytes, decisions, 4).bytes;
    const value = { bytes: changed, flags: changeFlags(flags, decisions) };
    resetMemory();
    const began = performance.now();
    const found = attempt(value);
    // Another process may have had the processor: it counts only where it takes this one long.
    if (performance.now() - began > MOST_TIME) checkTime(() => attempt(value));
    checkMemory(MOST_MEMORY);
    checkPrototypes();
    checkLength(found, value);
    if (found === undefined) counts.refused++;
    else counts.understood++;
  };
  return { name, reads, counts, run };
}

/** What came out of a value is not longer than it was, or than the limit says. */
function checkLength(found: { value: unknown } | undefined, { bytes }: Stored): void {
  for (const value of [found?.value].flat()) {
    if (typeof value !== 'string' && !Buffer.isBuffer(value)) continue;
    if (value.length > Math.max(MOST_OUTPUT, bytes.length))
      throw new Violation('a value was decompressed past the limit');
  }
}

/** Counts the processor's time: where there are many processes, a short while may last long. */
function checkTime(attempt: () => void): void {
  const before = process.cpuUsage();
  attempt();
  const { user, system } = process.cpuUsage(before);
  if ((user + system) / 1000 > MOST_TIME) throw new Violation('a value took too long to read');
  resetMemory();
}

function changeFlags(flags: number, decisions: Decisions): number {
  const way = decisions.below(6);
  if (way === 5) return (flags ^ (1 << decisions.below(32))) >>> 0;
  return way === 4 ? decisions.below(0x80) : flags;
}

function reader(serializer: Serializer<never, unknown>): (stored: Stored) => unknown {
  const extras = Buffer.alloc(4);
  return ({ bytes, flags }) => {
    extras.writeUInt32BE(flags);
    const { value } = serializer.deserialize(0, bytes, extras);
    if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) checkPlain(value);
    return value;
  };
}

/** The same for what may have any of the prototypes that are known. */
function readerOfAny(serializer: Serializer<never, unknown>): (stored: Stored) => unknown {
  const extras = Buffer.alloc(4);
  return ({ bytes, flags }) => {
    extras.writeUInt32BE(flags);
    return serializer.deserialize(0, bytes, extras).value;
  };
}

/** What came out of JSON has no other prototype than what is made here. */
function checkPlain(value: object): void {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype)
    throw new Violation('a value has a prototype of its own');
}

const bounded = { maxOutputLength: MOST_OUTPUT };

export function serializers(): Target[] {
  const json = jsonSerializer();
  const packed = compressed(json, { ...bounded, threshold: 50 });
  const brotli = compressed(json, { ...bounded, threshold: 50, algorithm: 'brotli' });
  const structured = structuredSerializer<unknown>();
  const marshal = fixtures('dalli').filter(({ flags }) => flags === 1);
  const python = [pylibmcSerializer(bounded), pymemcacheSerializer({ ...bounded, native: 'buffer' })].map(reader);
  const dalli = [dalliSerializer(bounded), dalliSerializer({ ...bounded, serializer: 'json' })].map(reader);
  const ours = written(json, VALUES);
  return [
    target('json', '`jsonSerializer`', [...ours, ...ODD], reader(json)),
    target(
      'structured',
      '`structuredSerializer`',
      [...written(structured, [...VALUES, ...STRUCTURED]), ...ODD],
      readerOfAny(structured),
    ),
    target(
      'compressed',
      '`compressed(jsonSerializer())`',
      [...written(packed, VALUES), ...written(brotli, VALUES), ...BOMBS],
      reader(packed),
    ),
    target('dalli', '`dalliSerializer`', [...fixtures('dalli'), ...ODD, ...BOMBS], (stored) =>
      dalli.map((read) => read(stored)),
    ),
    target('php', '`phpSerializer`', [...fixtures('php'), ...ODD, ...BOMBS], reader(phpSerializer(bounded))),
    target(
      'python',
      '`pylibmcSerializer`, `pymemcacheSerializer`',
      [...fixtures('pylibmc'), ...fixtures('pymemcache'), ...ODD, ...BOMBS],
      (stored) => python.map((read) => read(stored)),
    ),
    target('marshal', "Ruby's Marshal format", [...marshal, ...ODD], ({ bytes }) => {
      const value = load(bytes);
      return value === NOT_PLAIN ? undefined : value;
    }),
  ];
}
