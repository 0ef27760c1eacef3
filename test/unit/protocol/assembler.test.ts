import { describe, expect, it } from 'vitest';
import { Assembler } from '../../../src/protocol/assembler.ts';
import { InputMemory } from '../../../src/protocol/input-memory.ts';

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i % 251));

describe('Assembler', () => {
  it('puts pieces together and leaves what belongs to what follows', () => {
    const whole = bytes(1000);
    const assembler = new Assembler(new InputMemory());
    assembler.begin(1000);
    expect(assembler.fill(whole, 0, 400)).toBe(400);
    expect(assembler.complete).toBe(false);
    expect(assembler.fill(Buffer.concat([whole.subarray(400), Buffer.alloc(9)]), 0, 609)).toBe(600);
    expect(assembler.complete).toBe(true);
    expect(assembler.take()).toEqual(whole);
    expect(assembler.active).toBe(false);
  });

  it('lends the memory that the rest belongs into', () => {
    const whole = bytes(200_000);
    const assembler = new Assembler(new InputMemory());
    assembler.begin(200_000);
    let at = assembler.fill(whole, 0, 50_000);
    for (let room = assembler.room(); room !== undefined; room = assembler.room()) {
      expect(room.length).toBe(200_000 - at);
      const read = Math.min(room.length, 36_000);
      whole.copy(room, 0, at, at + read);
      expect(assembler.fill(room, 0, read)).toBe(read);
      at += read;
    }
    // What is left is too little to be worth a read of its own.
    expect(at).toBe(194_000);
    assembler.fill(whole, at, 200_000);
    expect(assembler.take()).toEqual(whole);
  });

  it('takes other memory than the one that it has lent', () => {
    const whole = bytes(60_000);
    const assembler = new Assembler(new InputMemory());
    assembler.begin(60_000);
    assembler.fill(whole, 0, 1);
    assembler.room()?.fill(0xff);
    assembler.fill(whole, 1, 60_000);
    expect(assembler.take()).toEqual(whole);
  });

  it('lends nothing for little, and nothing when it waits for nothing', () => {
    const assembler = new Assembler(new InputMemory());
    expect(assembler.room()).toBeUndefined();
    assembler.begin(1000);
    expect(assembler.room()).toBeUndefined();
  });

  it('believes in no more than 16 MiB before they come, and grows with them', () => {
    const megabyte = 1024 * 1024;
    const assembler = new Assembler(new InputMemory());
    assembler.begin(40 * megabyte);
    const sizes: number[] = [];
    for (let at = 0; at < 40 * megabyte; ) {
      const room = assembler.room() ?? Buffer.alloc(40 * megabyte - at);
      sizes.push(room.length / megabyte);
      room[0] = sizes.length;
      at += assembler.fill(room, 0, room.length);
    }
    expect(sizes).toEqual([16, 16, 8]);
    const whole = assembler.take();
    expect([whole.length, whole[0], whole[16 * megabyte], whole[32 * megabyte]]).toEqual([40 * megabyte, 1, 2, 3]);
  });
});
