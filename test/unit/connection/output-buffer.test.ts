import { describe, expect, it } from 'vitest';
import { HandshakeRequest } from '../../../src/connection/handshake-request.ts';
import { OutputBuffer } from '../../../src/connection/output-buffer.ts';
import { Op } from '../../../src/protocol/op.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { Writes } from './writes.ts';

/** Writes text the way an encoder does. */
function put(output: OutputBuffer, text: string): void {
  output.reserve(text.length);
  output.position += output.buffer.write(text, output.position, 'latin1');
}

describe('the output buffer', () => {
  it('hands on everything in order and in one write', () => {
    const output = new OutputBuffer();
    const writes = new Writes();
    put(output, 'one ');
    put(output, 'two ');
    output.flush(writes);
    expect([writes.bytes.toString(), writes.calls]).toEqual(['one two ', 1]);
    put(output, 'three ');
    output.attach(Buffer.from('LARGE '));
    put(output, 'four ');
    output.attach(Buffer.from('HUGE '));
    output.attach(Buffer.from('VAST '));
    put(output, 'five');
    output.flush(writes);
    expect([writes.bytes.toString(), writes.calls]).toEqual(['one two three LARGE four HUGE VAST five', 2]);
    put(output, ' six');
    output.flush(writes);
    expect([writes.bytes.toString(), writes.calls]).toEqual(['one two three LARGE four HUGE VAST five six', 3]);
  });

  it('keeps an attached chunk as it is, without a copy', () => {
    const output = new OutputBuffer();
    const chunk = Buffer.from('before');
    output.attach(chunk);
    chunk.write('behind');
    const writes = new Writes();
    output.flush(writes);
    expect(writes.bytes.toString()).toBe('behind');
  });

  it('has room for what is reserved, however much', () => {
    const output = new OutputBuffer();
    const writes = new Writes();
    const texts = [10, 60_000, 10_000, 100, 300_000, 5, 65_536, 1].map((length, index) => String(index).repeat(length));
    for (const text of texts) put(output, text);
    output.flush(writes);
    expect(writes.bytes.toString() === texts.join('')).toBe(true);
  });

  it('writes nothing over what the stream still holds', () => {
    const output = new OutputBuffer();
    const writes: Buffer[] = [];
    const stream = new Writes();
    stream.write = ((chunk: Buffer) => writes.push(chunk) > 0) as typeof stream.write;
    for (let turn = 0; turn < 30; turn++) {
      put(output, String.fromCharCode(97 + turn).repeat(5000));
      output.flush(stream);
    }
    const turns = writes.map((chunk, turn) => chunk.equals(Buffer.alloc(5000, 97 + turn)));
    expect(turns).toEqual(Array.from({ length: 30 }, () => true));
  });

  it('hands on a turn in one piece, whatever the turn before it has written', () => {
    const output = new OutputBuffer();
    const writes = new Writes();
    const turns = [10, 200, 10, 150, 1200].map((commands) =>
      Array.from({ length: commands }, (_, i) => `get key:${i} `),
    );
    for (const turn of turns) {
      for (const text of turn) put(output, text);
      output.flush(writes);
      output.rewind();
    }
    expect(writes.chunks.map(String)).toEqual(turns.map((turn) => turn.join('')));
  });

  it('shares no block with another connection when it has outgrown a small one', () => {
    const outputs = [new OutputBuffer(), new OutputBuffer(), new OutputBuffer()];
    const streams = outputs.map(() => new Writes());
    const expected = outputs.map((_, which) => String(which).repeat(3000 * 4));
    for (let round = 0; round < 4; round++)
      for (const [i, output] of outputs.entries()) put(output, String(i).repeat(3000));
    for (const [i, output] of outputs.entries()) output.flush(streams[i] as Writes);
    expect(streams.map(({ bytes }) => bytes.toString())).toEqual(expected);
  });

  it('uses the same memory again once the stream holds nothing', () => {
    const output = new OutputBuffer();
    put(output, 'first');
    output.flush(new Writes());
    const { buffer } = output;
    output.rewind();
    expect(output.position).toBe(0);
    put(output, 'second');
    expect(output.buffer).toBe(buffer);
    const writes = new Writes();
    output.flush(writes);
    expect(writes.bytes.toString()).toBe('second');
  });

  it('has no block while nothing is to be written or held: another one takes it', () => {
    const [one, other] = [new OutputBuffer(), new OutputBuffer()];
    expect([one.holds, one.buffer.length]).toEqual([false, 0]);
    put(one, 'first');
    const { buffer } = one;
    one.rewind();
    // It has not been written yet.
    expect([one.holds, one.buffer === buffer]).toEqual([true, true]);
    one.flush(new Writes());
    put(other, 'meanwhile');
    expect(other.buffer).not.toBe(buffer);
    one.rewind();
    expect([one.holds, one.buffer.length]).toEqual([false, 0]);
    put(new OutputBuffer(), 'other');
    put(one, 'x'.repeat(100_000));
    one.flush(new Writes());
    one.rewind();
    expect(one.buffer.length).toBe(0);
  });

  it('uses full blocks again once the stream holds nothing, and not before', () => {
    const output = new OutputBuffer();
    const blocks = new Set<Buffer>();
    const fill = (turn: number) => {
      for (let i = 0; i < 4; i++) {
        put(output, String.fromCharCode(97 + turn).repeat(60_000));
        blocks.add(output.buffer);
      }
    };
    fill(0);
    output.flush(new Writes());
    output.rewind();
    fill(1);
    expect(blocks.size).toBe(4);
    const stream = new Writes();
    stream.hold();
    const held: Buffer[] = [];
    stream.write = ((chunk: Buffer) => held.push(chunk) > 0) as typeof stream.write;
    output.flush(stream);
    fill(2);
    expect(blocks.size).toBe(8);
    expect(Buffer.concat(held).equals(Buffer.alloc(240_000, 'b'))).toBe(true);
  });

  it('does not rewind over what has not been written', () => {
    const output = new OutputBuffer();
    put(output, 'kept');
    output.rewind();
    put(output, ' too');
    const writes = new Writes();
    output.flush(writes);
    expect(writes.bytes.toString()).toBe('kept too');
  });

  it('says when the stream wants no more', () => {
    const output = new OutputBuffer();
    const stream = new Writes(100);
    stream.hold();
    put(output, 'x'.repeat(10));
    expect(output.flush(stream)).toBe(true);
    put(output, 'x'.repeat(200));
    expect(output.flush(stream)).toBe(false);
    put(output, 'x');
    output.attach(Buffer.alloc(5));
    expect(output.flush(stream)).toBe(false);
    stream.release();
    expect(stream.bytes).toHaveLength(216);
  });
});

describe('values that are not copied', () => {
  const request = (): Request => new HandshakeRequest(Op.Set, 'key', undefined, () => {});

  it('are, when they are given back before they have been written', () => {
    const output = new OutputBuffer();
    const writes = new Writes();
    const given = request();
    const chunk = Buffer.from('before');
    put(output, 'one ');
    output.attach(chunk);
    output.borrow(given);
    expect(output.giveBack(given)).toBe(true);
    chunk.write('behind');
    output.flush(writes);
    expect(writes.bytes.toString()).toBe('one before');
  });

  it('can not be given back while the stream may hold them', () => {
    const output = new OutputBuffer();
    const [given, other] = [request(), request()];
    output.attach(Buffer.from('value'));
    output.borrow(given);
    output.flush(new Writes());
    expect([output.giveBack(given), output.giveBack(other)]).toEqual([false, true]);
    output.rewind();
    expect(output.giveBack(given)).toBe(true);
  });

  it('are enough for one write at 256 KB', () => {
    const output = new OutputBuffer();
    put(output, 'x');
    for (let count = 0; count < 2; count++) {
      expect(output.enough).toBe(false);
      output.attach(Buffer.alloc(140_000));
    }
    expect(output.enough).toBe(true);
    output.flush(new Writes());
    expect(output.enough).toBe(false);
  });
});
