import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { binary } from '../../../src/protocol/binary/index.ts';
import { classic } from '../../../src/protocol/classic/index.ts';
import { meta } from '../../../src/protocol/meta/index.ts';
import { Op } from '../../../src/protocol/op.ts';
import type { Decoder, Protocol } from '../../../src/protocol/protocol.ts';
import type { Reply } from '../../../src/protocol/request.ts';
import { Request } from '../../../src/protocol/request.ts';
import { response } from '../../support/binary-frames.ts';
import { KeptQueue } from './harness.ts';

const KB = 1024;
/** A kept value may pin this many times its own size, or a slab for small ones. */
const MOST_PINNED = 32;
const SMALL_SLAB = 8 * KB;
/** What comes with a value in one response. */
const HEADER = 40;

/** A get that keeps its result. */
class Kept extends Request {
  result: Buffer | undefined;
  resultFlags: Buffer | undefined;

  constructor(key: string, opaque: number) {
    super(Op.Get, key);
    this.opaque = opaque;
  }

  override settle({ value, extras }: Reply): void {
    this.result = value as Buffer;
    this.resultFlags = extras as Buffer;
  }

  override fail(): void {}
}

const bytesOf = (size: number, index: number) => Buffer.alloc(size, `${index};`);

const HITS: Record<string, { protocol: Protocol; hit: (index: number, value: Buffer) => Buffer }> = {
  binary: {
    protocol: binary,
    hit: (index, value) => response(Op.Get, { opaque: index, extras: Buffer.from([0, 0, 0, index & 0xff]), value }),
  },
  meta: {
    protocol: meta,
    hit: (index, value) => framed(`VA ${value.length} O${index} f${index & 0xff}\r\n`, value, '\r\n'),
  },
  classic: {
    protocol: classic,
    hit: (index, value) => framed(`VALUE key${index} ${index & 0xff} ${value.length}\r\n`, value, '\r\nEND\r\n'),
  },
};

function framed(head: string, value: Buffer, end: string): Buffer {
  return Buffer.concat([Buffer.from(head), value, Buffer.from(end)]);
}

/** Connections as the socket sees them: reads into the memory that each wants the next bytes in. */
class Reading {
  readonly requests: Kept[] = [];
  readonly #decoder: Decoder;
  readonly #queue = new KeptQueue([]);
  readonly #stream: Buffer[] = [];
  readonly #hit: (index: number, value: Buffer) => Buffer;
  /** The next buffer, which Node.js asks for as soon as a read has been handed on. */
  #room: Buffer;

  constructor(name: string) {
    const { protocol, hit } = HITS[name] as (typeof HITS)[string];
    this.#decoder = protocol.createDecoder(this.#queue);
    this.#hit = hit;
    this.#room = this.#decoder.room();
    open.add(this.#decoder);
  }

  get room(): Buffer {
    return this.#room;
  }

  expect(size: number): void {
    const index = this.requests.length;
    const request = new Kept(`key${index}`, index);
    this.requests.push(request);
    this.#queue.requests.push(request);
    this.#stream.push(this.#hit(index, bytesOf(size, index)));
  }

  /** Reads all there is but for the last so many bytes, at most so many at a time. */
  read(most: () => number, rest = 0): void {
    const bytes = Buffer.concat(this.#stream.splice(0));
    const end = bytes.length - rest;
    for (let at = 0; at < end; ) {
      const length = bytes.copy(this.#room, 0, at, Math.min(end, at + most()));
      this.#decoder.decode(this.#room, 0, length);
      this.#room = this.#decoder.room();
      at += length;
    }
  }

  /** Has the memory that was given last read as if something had come into it. */
  finish(): void {
    this.#decoder.decode(this.#room, 0, 1);
  }

  close(): void {
    this.#decoder.close();
    open.delete(this.#decoder);
  }
}

const open = new Set<Decoder>();

afterEach(() => {
  for (const decoder of open) decoder.close();
  open.clear();
});

/** Gets of one size each, and as many at a time as a program with 64 in flight has. */
function readMany(reading: Reading, size: number, count: number): Kept[] {
  const first = reading.requests.length;
  for (let i = 0; i < count; i++) reading.expect(size);
  reading.read(() => 64 * KB);
  return reading.requests.slice(first);
}

describe.each(Object.keys(HITS))('the input of a connection over %s', (name) => {
  it('has values of all sizes that stay as they came, whatever else is read and kept', () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 1200 }),
      fc.integer({ min: 1024, max: 20 * KB }),
      fc.integer({ min: 20 * KB, max: 300 * KB }),
    );
    const sizes = fc.array(fc.array(size, { minLength: 1, maxLength: 24 }), { minLength: 1, maxLength: 8 });
    const piece = fc.infiniteStream(fc.integer({ min: 1, max: 96 * KB }));
    fc.assert(
      fc.property(sizes, sizes, piece, (ones, others, pieces) => {
        const readings = [new Reading(name), new Reading(name)] as const;
        for (let turn = 0; turn < Math.max(ones.length, others.length); turn++) {
          for (const [at, all] of [ones, others].entries()) {
            const reading = readings[at] as Reading;
            for (const bytes of all[turn] ?? []) reading.expect(bytes);
            reading.read(() => pieces.next().value as number);
          }
        }
        for (const reading of readings) {
          for (const [index, request] of reading.requests.entries()) checkKept(request, index);
          reading.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is a block of its own while large values are waited for, and the one that all share when none is', () => {
    const [one, other] = [new Reading(name), new Reading(name)];
    expect(one.room.buffer).toBe(other.room.buffer);
    readMany(one, 8 * KB, 64);
    // Nothing waits any more.
    expect(one.room.buffer).toBe(other.room.buffer);
    const values = readMany(one, 8 * KB, 64).map(({ result }) => result as Buffer);
    const shared = values.filter(({ buffer }) => buffer.byteLength > 64 * KB);
    expect(shared.length).toBeGreaterThan(40);
    expect(new Set(shared.map(({ buffer }) => buffer)).size).toBeLessThan(shared.length / 8);
  });

  it('has values that come in pieces read on where they begin, without a copy of each', () => {
    const reading = new Reading(name);
    readMany(reading, 40 * KB, 16);
    for (let i = 0; i < 100; i++) reading.expect(40 * KB);
    reading.read(() => 10 * KB);
    const kept = reading.requests.slice(16);
    for (const [index, request] of kept.entries()) checkKept(request, index + 16);
    const blocks = new Map<ArrayBufferLike, number>();
    for (const { result } of kept) {
      const { buffer } = result as Buffer;
      blocks.set(buffer, (blocks.get(buffer) ?? 0) + 1);
    }
    // 4 MB of values in blocks of 512 KB, but for the first of them.
    expect([...blocks.keys()].filter(({ byteLength }) => byteLength !== 512 * KB).length).toBeLessThan(2);
    expect(blocks.size).toBeLessThan(11);
  });

  it('is a block for 32 values where all have one length, and for 16 where the shorter ones would be copied', () => {
    const blockOf = (...sizes: number[]) => {
      const reading = new Reading(name);
      for (let i = 0; i < 128; i++) reading.expect(sizes[i % sizes.length] as number);
      reading.read(() => 64 * KB, 10);
      return reading.room.buffer.byteLength;
    };
    expect(blockOf(8.5 * KB)).toBe(256 * KB);
    expect(blockOf(4 * KB, 11 * KB)).toBe(128 * KB);
  });

  it('goes back to copies when values become small', () => {
    const reading = new Reading(name);
    readMany(reading, 16 * KB, 32);
    expect(readMany(reading, 16 * KB, 32).some(({ result }) => (result?.buffer.byteLength ?? 0) > 64 * KB)).toBe(true);
    readMany(reading, 100, 2000);
    for (const { result } of readMany(reading, 1500, 200)) {
      expect(result?.buffer.byteLength).toBeLessThanOrEqual(32 * KB);
    }
  });

  it('reads values from 256 KB on to where they belong, one by one', () => {
    const reading = new Reading(name);
    for (let i = 0; i < 4; i++) reading.expect(300 * KB);
    const lengths: number[] = [];
    reading.read(() => {
      lengths.push(reading.room.length);
      return 1024 * KB;
    });
    // The head of a value comes with little else, and the rest at once.
    expect(lengths.filter((length) => length === 4 * KB).length).toBeGreaterThan(2);
    for (const { result } of reading.requests) expect(result?.buffer.byteLength).toBeLessThan(301 * KB);
  });

  it('takes no more than 16 MB for all connections together, and gives them back', () => {
    const ownBlocks = () => {
      const readings = Array.from({ length: 60 }, () => new Reading(name));
      const blocks = new Set<ArrayBufferLike>();
      for (const reading of readings) {
        readMany(reading, 40 * KB, 8);
        for (let i = 0; i < 3; i++) reading.expect(40 * KB);
        // The last one is on its way, and a little of the one before.
        reading.read(() => 64 * KB, 45 * KB);
        blocks.add(reading.room.buffer);
      }
      for (const reading of readings) reading.close();
      return [...blocks].filter(({ byteLength }) => byteLength === 512 * KB).length;
    };
    const [first, second] = [ownBlocks(), ownBlocks()];
    expect(first).toBe(32);
    expect(second).toBe(32);
  });

  it('is given to no worker, and where it was taken away by force nothing is made of what is in it', () => {
    setFlagsFromString('--harmony-rab-gsab-transfer');
    const { transfer } = runInNewContext('ArrayBuffer.prototype');
    const reading = new Reading(name);
    readMany(reading, 8 * KB, 64);
    for (let i = 0; i < 12; i++) reading.expect(8 * KB);
    reading.read(() => 64 * KB, 5 * KB);
    const block = reading.room.buffer as ArrayBuffer;
    const { port1, port2 } = new MessageChannel();
    expect(() => {
      port1.postMessage(block, [block]);
      throw new Error('copied');
    }).toThrow();
    port1.close();
    port2.close();
    expect(block.byteLength).toBe(256 * KB);
    transfer.call(block);
    reading.expect(10);
    expect(() => reading.finish()).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }));
    // Others take what is left of no such block.
    const other = new Reading(name);
    readMany(other, 8 * KB, 64);
    for (const [index, request] of other.requests.entries()) checkKept(request, index);
  });
});

function checkKept({ result: value, resultFlags: flags }: Kept, index: number): void {
  expect(value?.equals(bytesOf(value.length, index))).toBe(true);
  expect(flags?.equals(Buffer.from([0, 0, 0, index & 0xff]))).toBe(true);
  // A value of more than a kilobyte keeps no more than 32 times what came of it alive, a smaller one 8 KB.
  const came = (value?.length ?? 0) + HEADER;
  expect(value?.buffer.byteLength).toBeLessThanOrEqual(Math.max(SMALL_SLAB, came * MOST_PINNED));
  // Flags belong to a value, but who keeps them alone should not keep a block.
  expect(flags?.buffer.byteLength).toBeLessThanOrEqual(SMALL_SLAB);
}
