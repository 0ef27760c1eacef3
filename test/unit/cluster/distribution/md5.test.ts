import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { md5 } from '../../../../src/cluster/distribution/md5.ts';

it.each([
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
])('RFC 1321, appendix A.5: %j', (text, expected) => {
  expect(hex(text)).toBe(expected);
});

it('is the MD5 of node:crypto for any text in UTF-8', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => hex(text) === expectedHex(text)));
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 400 }), (text) => hex(text) === expectedHex(text)),
  );
});

it('is the MD5 of node:crypto at every length, short and beyond its scratch space', () => {
  for (let length = 0; length < 400; length++) {
    for (const unit of ['x', 'é', '大', '😀', '\ud800']) {
      const text = unit.repeat(length);
      expect(hex(text)).toBe(expectedHex(text));
    }
  }
  const long = 'x'.repeat(100_000);
  expect(hex(long)).toBe(expectedHex(long));
  expect(hex('abc')).toBe('900150983cd24fb0d6963f7d28e17f72');
});

function hex(text: string): string {
  const bytes = Buffer.alloc(16);
  for (const [index, word] of md5(text).entries()) bytes.writeInt32LE(word, index * 4);
  return bytes.toString('hex');
}

function expectedHex(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}
