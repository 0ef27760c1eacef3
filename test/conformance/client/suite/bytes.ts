import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

export function describeBytes(target: Target): void {
  describe('values', () => {
    it.each([
      ['OK'],
      ['END'],
      ['VALUE'],
      ['STORED\r\n'],
      ['\r\n'],
      ['x\r\nEND\r\ny'],
      ['HD\r\nEN\r\n'],
      ['\0'],
      ['x'.repeat(16 * 1024 - 1)],
      ['x'.repeat(16 * 1024)],
      ['€'.repeat(5000)],
    ])('come back byte for byte: %j', async (value) => {
      const key = target.key();
      await target.client.set(key, value);
      expect(await target.text(key)).toBe(value);
    });

    it.each([255, 256, 16 * 1024, 64 * 1024 + 1, 125_884, 1_000_000])('of %i bytes come back', async (length) => {
      const key = target.key();
      const value = Buffer.alloc(length, EVERY_BYTE);
      await target.client.set(key, value);
      const found = await target.client.get(key);
      expect(found.value?.equals(value)).toBe(true);
    });
  });

  describe('keys', () => {
    it.each([1, 83, 84, 249, 250])('of %i bytes', async (length) => {
      const key = target.key().padEnd(length, 'k').slice(-length);
      await target.client.set(key, `${length}`);
      expect(await target.text(key)).toBe(`${length}`);
    });

    it('count in bytes, not in characters', async () => {
      const key = 'ü'.repeat(125);
      await target.client.set(key, 'fits');
      expect(await target.text(key)).toBe('fits');
      const error = await failure(target.client.set('ü'.repeat(126), 'does not'));
      expect(error).toMatchObject({ code: 'ERR_INVALID_KEY' });
      expect(error.message).toMatch(/250 bytes.*252 bytes/);
    });

    it.each([['schlüssel'], ['🔑'], ['鍵'], ['a/b?c=d&e'], ['"quoted"'], ['%20'], ['__proto__'], ['VALUE'], ['0']])(
      'of any printable text: %s',
      async (key) => {
        await target.client.set(key, `value of ${key}`);
        expect(await target.text(key)).toBe(`value of ${key}`);
      },
    );

    it.each([['a b'], ['a\r\nb'], ['a\nb'], ['a\0b'], ['\t'], [' '], ['a\u007fb'], ['x 0 0 1\r\n1\r\nset y']])(
      'with white space and control characters, except in classic: %j',
      async (key) => {
        if (target.protocol === 'classic') {
          const error = await failure(target.client.set(key, 'value'));
          expect(error).toMatchObject({ code: 'ERR_INVALID_KEY' });
          expect(error.message).toMatch(/needs the binary or meta protocol/);
          expect((await called((done) => target.client.get(key, done)))[0]).toMatchObject({ code: 'ERR_INVALID_KEY' });
          return;
        }
        await target.client.set(key, `value of ${key}`);
        expect(await target.text(key)).toBe(`value of ${key}`);
        expect(await target.client.increment(key, 1).catch((error: Error) => error.message)).toMatch(/non-numeric/);
        expect(await target.client.delete(key)).toBe(true);
      },
    );
  });
}
