import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemcacheError } from '../../../src/errors.ts';
import { compressed } from '../../../src/serializers/compress.ts';
import { dalliSerializer } from '../../../src/serializers/foreign/dalli.ts';
import { phpSerializer } from '../../../src/serializers/foreign/php.ts';
import { pylibmcSerializer, pymemcacheSerializer } from '../../../src/serializers/foreign/python.ts';
import { jsonSerializer } from '../../../src/serializers/json.ts';
import type { Serializer } from '../../../src/serializers/serializer.ts';

const bounded = { maxOutputLength: 100_000 };
const SERIALIZERS: readonly [string, Serializer<never, unknown>][] = [
  ['json', jsonSerializer()],
  ['compressed json', compressed(jsonSerializer(), bounded)],
  ['pylibmc', pylibmcSerializer(bounded)],
  ['pymemcache', pymemcacheSerializer({ ...bounded, native: 'buffer' })],
  ['dalli', dalliSerializer(bounded)],
  ['dalli with JSON', dalliSerializer({ ...bounded, serializer: 'json' })],
  ['php', phpSerializer(bounded)],
];

const flags = fc.oneof(
  fc.nat(0xffffffff),
  fc.nat(0x7f),
  // Our mark, with any type and compression.
  fc.nat(0xffffff).map((rest) => 0x6d000000 + rest),
);
const bytes = fc.oneof(
  fc.uint8Array({ size: 'medium' }),
  fc.string().map((text) => Buffer.from(text)),
  fc.integer().map((number) => Buffer.from(String(number))),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array().map((body) => Buffer.concat([Buffer.from([4, 8]), body])),
  fc
    .tuple(fc.constantFrom(...'TF0ilf"I'), fc.uint8Array())
    .map(([type, body]) => Buffer.from([4, 8, type.charCodeAt(0), ...body])),
  fc.uint8Array().map((body) => deflateSync(body)),
  fc.uint8Array().map((body) => gzipSync(body)),
  fc
    .tuple(fc.nat(300), fc.uint8Array({ size: 'medium' }))
    .map(([length, body]) => Buffer.from([length & 0xff, length >> 8, 0, 0, ...body])),
);

describe.each(SERIALIZERS)('%s', (_name, serializer) => {
  it('reads any bytes under any flags, or throws a MemcacheError', () => {
    const run = (value: Uint8Array, bits: number): void => {
      const extras = Buffer.alloc(4);
      extras.writeUInt32BE(bits);
      try {
        serializer.deserialize(0, Buffer.from(value), extras);
      } catch (error) {
        if (!(error instanceof MemcacheError)) throw error;
      }
    };
    fc.assert(fc.property(bytes, flags, run), { numRuns: 2000 });
  });

  it('reads what comes without flags', () => {
    for (const length of [0, 1, 3]) serializer.deserialize(0, Buffer.from('x'), Buffer.alloc(length));
  });
});
