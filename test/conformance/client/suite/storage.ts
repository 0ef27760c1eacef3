import { describe, expect, it } from 'vitest';
import { called } from '../../../support/outcomes.ts';
import { flagsOf, type Target } from './target.ts';

export function describeStorage(target: Target): void {
  describe('set, add and replace', () => {
    it('set stores, whether or not there is something', async () => {
      const key = target.key();
      expect(await target.client.set(key, 'first')).toBe(true);
      expect(await target.text(key)).toBe('first');
      expect(await called((done) => target.client.set(key, 'second', {}, done))).toEqual([null, true]);
      expect(await target.text(key)).toBe('second');
    });

    it('add stores only where there is nothing', async () => {
      const key = target.key();
      expect(await target.client.add(key, 'first')).toBe(true);
      expect(await target.client.add(key, 'second')).toBe(false);
      expect(await called((done) => target.client.add(key, 'third', {}, done))).toEqual([null, false]);
      expect(await target.text(key)).toBe('first');
      const other = target.key();
      expect(await called((done) => target.client.add(other, 'value', {}, done))).toEqual([null, true]);
      expect(await target.text(other)).toBe('value');
    });

    it('replace stores only where there is something', async () => {
      const key = target.key();
      expect(await target.client.replace(key, 'value')).toBe(false);
      expect(await called((done) => target.client.replace(key, 'value', {}, done))).toEqual([null, false]);
      expect(await target.text(key)).toBeNull();
      await target.client.set(key, 'old');
      expect(await target.client.replace(key, 'new')).toBe(true);
      expect(await target.text(key)).toBe('new');
      expect(await called((done) => target.client.replace(key, 'newer', {}, done))).toEqual([null, true]);
      expect(await target.text(key)).toBe('newer');
    });

    it('logs nothing for any of these outcomes', async () => {
      const client = target.create();
      const key = target.key();
      await client.replace(key, '1');
      await client.add(key, '1');
      await client.add(key, '1');
      await client.delete(key);
      await client.delete(key);
      expect(target.log).toEqual([]);
    });

    it.each([0, 1, 0x01020304, 0x7fffffff, 0x80000000, 0xffffffff])('carry the flags %i', async (flags) => {
      const key = target.key();
      await target.client.set(key, 'value', { flags });
      expect((await target.client.get(key)).flags).toEqual(flagsOf(flags));
      await target.client.delete(key);
      await target.client.add(key, 'value', { flags });
      expect((await target.client.get(key)).flags).toEqual(flagsOf(flags));
      await target.client.replace(key, 'value', { flags: 5 });
      await target.client.replace(key, 'value', { flags });
      expect((await target.client.get(key)).flags).toEqual(flagsOf(flags));
    });

    it('set the flags back to 0 where none are given', async () => {
      const key = target.key();
      await target.client.set(key, 'value', { flags: 7 });
      await target.client.set(key, 'value');
      expect((await target.client.get(key)).flags).toEqual(flagsOf(0));
    });

    it('take strings, Buffers and other Uint8Arrays', async () => {
      const key = target.key();
      const bytes = [1, 2, 3, 255];
      await target.client.set(key, Buffer.from(bytes));
      expect((await target.client.get(key)).value).toEqual(Buffer.from(bytes));
      await target.client.set(key, new Uint8Array([9, ...bytes, 9]).subarray(1, 5));
      expect((await target.client.get(key)).value).toEqual(Buffer.from(bytes));
      await target.client.set(key, 'grün 🌱');
      expect(await target.text(key)).toBe('grün 🌱');
      await target.client.set(key, '');
      expect((await target.client.get(key)).value).toEqual(Buffer.alloc(0));
    });
  });

  describe('append and prepend', () => {
    it('put something behind and in front', async () => {
      const key = target.key();
      await target.client.set(key, 'b', { flags: 9 });
      expect(await target.client.append(key, 'c')).toBe(true);
      expect(await called((done) => target.client.append(key, 'd', done))).toEqual([null, true]);
      expect(await target.client.prepend(key, 'a')).toBe(true);
      expect(await called((done) => target.client.prepend(key, '0', done))).toEqual([null, true]);
      expect(await target.client.get(key)).toEqual({ value: Buffer.from('0abcd'), flags: flagsOf(9) });
    });

    it('are false where there is nothing, and store nothing', async () => {
      const key = target.key('gone');
      expect(await target.client.append(key, 'x')).toBe(false);
      expect(await target.client.prepend(key, 'x')).toBe(false);
      expect(await called((done) => target.client.append(key, 'x', done))).toEqual([null, false]);
      expect(await called((done) => target.client.prepend(key, 'x', {}, done))).toEqual([null, false]);
      expect(await target.text(key)).toBeNull();
    });

    it('take Buffers and empty values', async () => {
      const key = target.key();
      await target.client.set(key, Buffer.from([1]));
      expect(await target.client.append(key, Buffer.from([255]))).toBe(true);
      expect(await target.client.prepend(key, '')).toBe(true);
      expect((await target.client.get(key)).value).toEqual(Buffer.from([1, 255]));
    });
  });

  describe('delete', () => {
    it('is true where there was something, else false', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      expect(await target.client.delete(key)).toBe(true);
      expect(await target.client.delete(key)).toBe(false);
      expect(await target.text(key)).toBeNull();
      await target.client.set(key, 'value');
      expect(await called((done) => target.client.delete(key, done))).toEqual([null, true]);
      expect(await called((done) => target.client.delete(key, {}, done))).toEqual([null, false]);
    });
  });
}
