// MD5 (RFC 1321) in plain JavaScript: for keys it is several times as fast as node:crypto, which makes an object for
// each digest. It places keys here, and protects nothing.

/** In words. A key's padded message fits, in whatever alphabet it is written. */
const ROOM = 256;

const encoder = new TextEncoder();
const scratch = new Int32Array(ROOM);
const scratchBytes = new Uint8Array(ROOM * 4);
const state = new Int32Array(4);

/**
 * The digest of a text in UTF-8, as four little-endian words with signs. The array is the same one each time: take from
 * it what is needed before the next call.
 */
export function md5(text: string): Int32Array {
  // A character is at most three bytes; at most 72 follow: one, up to 63 zeros, and the length.
  const room = text.length * 3 + 72;
  const words = room <= ROOM * 4 ? scratch : new Int32Array((room >>> 2) + 1);
  let length = packAscii(text, words);
  if (length < 0) length = packUtf8(text, words);
  const end = pad(words, length);
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  for (let at = 0; at < end; at += 16) digestBlock(words, at);
  return state;
}

/** The length in bytes, or -1 if the text is not ASCII. The word after the last whole one is begun in any case. */
function packAscii(text: string, words: Int32Array): number {
  const { length } = text;
  const whole = length & ~3;
  let all = 0;
  let i = 0;
  for (; i < whole; i += 4) {
    const first = text.charCodeAt(i);
    const second = text.charCodeAt(i + 1);
    const third = text.charCodeAt(i + 2);
    const fourth = text.charCodeAt(i + 3);
    all |= first | second | third | fourth;
    words[i >>> 2] = first | (second << 8) | (third << 16) | (fourth << 24);
  }
  let last = 0;
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    last |= code << ((i & 3) << 3);
  }
  words[whole >>> 2] = last;
  return all < 128 ? length : -1;
}

function packUtf8(text: string, words: Int32Array): number {
  const fits = text.length * 3 <= scratchBytes.length;
  const bytes = fits ? scratchBytes : new Uint8Array(text.length * 3);
  const length = encoder.encodeInto(text, bytes).written;
  words.fill(0, 0, (length >>> 2) + 1);
  for (let i = 0; i < length; i++) {
    words[i >>> 2] = (words[i >>> 2] as number) | ((bytes[i] as number) << ((i & 3) << 3));
  }
  return length;
}

/** A bit after the message, zeros, and the length in bits as two words. Returns the length of it all in words. */
function pad(words: Int32Array, length: number): number {
  const last = length >>> 2;
  const end = ((length + 72) >>> 6) << 4;
  words[last] = (words[last] as number) | (0x80 << ((length & 3) << 3));
  for (let i = last + 1; i < end - 2; i++) words[i] = 0;
  words[end - 2] = length << 3;
  words[end - 1] = length >>> 29;
  return end;
}

/** The 64 steps of section 3.4, written out: in a loop they would take three times as long. */
function digestBlock(words: Int32Array, at: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;

  a = (a + ((b & c) | (~b & d)) + (words[at] as number) + 0xd76aa478) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + ((a & b) | (~a & c)) + (words[at + 1] as number) + 0xe8c7b756) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + ((d & a) | (~d & b)) + (words[at + 2] as number) + 0x242070db) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + ((c & d) | (~c & a)) + (words[at + 3] as number) + 0xc1bdceee) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  a = (a + ((b & c) | (~b & d)) + (words[at + 4] as number) + 0xf57c0faf) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + ((a & b) | (~a & c)) + (words[at + 5] as number) + 0x4787c62a) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + ((d & a) | (~d & b)) + (words[at + 6] as number) + 0xa8304613) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + ((c & d) | (~c & a)) + (words[at + 7] as number) + 0xfd469501) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  a = (a + ((b & c) | (~b & d)) + (words[at + 8] as number) + 0x698098d8) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + ((a & b) | (~a & c)) + (words[at + 9] as number) + 0x8b44f7af) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + ((d & a) | (~d & b)) + (words[at + 10] as number) + 0xffff5bb1) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + ((c & d) | (~c & a)) + (words[at + 11] as number) + 0x895cd7be) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  a = (a + ((b & c) | (~b & d)) + (words[at + 12] as number) + 0x6b901122) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + ((a & b) | (~a & c)) + (words[at + 13] as number) + 0xfd987193) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + ((d & a) | (~d & b)) + (words[at + 14] as number) + 0xa679438e) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + ((c & d) | (~c & a)) + (words[at + 15] as number) + 0x49b40821) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;

  a = (a + ((d & b) | (~d & c)) + (words[at + 1] as number) + 0xf61e2562) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + ((c & a) | (~c & b)) + (words[at + 6] as number) + 0xc040b340) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + ((b & d) | (~b & a)) + (words[at + 11] as number) + 0x265e5a51) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + ((a & c) | (~a & d)) + (words[at] as number) + 0xe9b6c7aa) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  a = (a + ((d & b) | (~d & c)) + (words[at + 5] as number) + 0xd62f105d) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + ((c & a) | (~c & b)) + (words[at + 10] as number) + 0x02441453) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + ((b & d) | (~b & a)) + (words[at + 15] as number) + 0xd8a1e681) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + ((a & c) | (~a & d)) + (words[at + 4] as number) + 0xe7d3fbc8) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  a = (a + ((d & b) | (~d & c)) + (words[at + 9] as number) + 0x21e1cde6) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + ((c & a) | (~c & b)) + (words[at + 14] as number) + 0xc33707d6) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + ((b & d) | (~b & a)) + (words[at + 3] as number) + 0xf4d50d87) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + ((a & c) | (~a & d)) + (words[at + 8] as number) + 0x455a14ed) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  a = (a + ((d & b) | (~d & c)) + (words[at + 13] as number) + 0xa9e3e905) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + ((c & a) | (~c & b)) + (words[at + 2] as number) + 0xfcefa3f8) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + ((b & d) | (~b & a)) + (words[at + 7] as number) + 0x676f02d9) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + ((a & c) | (~a & d)) + (words[at + 12] as number) + 0x8d2a4c8a) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;

  a = (a + (b ^ c ^ d) + (words[at + 5] as number) + 0xfffa3942) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + (words[at + 8] as number) + 0x8771f681) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + (words[at + 11] as number) + 0x6d9d6122) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + (words[at + 14] as number) + 0xfde5380c) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  a = (a + (b ^ c ^ d) + (words[at + 1] as number) + 0xa4beea44) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + (words[at + 4] as number) + 0x4bdecfa9) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + (words[at + 7] as number) + 0xf6bb4b60) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + (words[at + 10] as number) + 0xbebfbc70) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  a = (a + (b ^ c ^ d) + (words[at + 13] as number) + 0x289b7ec6) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + (words[at] as number) + 0xeaa127fa) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + (words[at + 3] as number) + 0xd4ef3085) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + (words[at + 6] as number) + 0x04881d05) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  a = (a + (b ^ c ^ d) + (words[at + 9] as number) + 0xd9d4d039) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + (words[at + 12] as number) + 0xe6db99e5) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + (words[at + 15] as number) + 0x1fa27cf8) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + (words[at + 2] as number) + 0xc4ac5665) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;

  a = (a + (c ^ (b | ~d)) + (words[at] as number) + 0xf4292244) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + (words[at + 7] as number) + 0x432aff97) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + (words[at + 14] as number) + 0xab9423a7) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + (words[at + 5] as number) + 0xfc93a039) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  a = (a + (c ^ (b | ~d)) + (words[at + 12] as number) + 0x655b59c3) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + (words[at + 3] as number) + 0x8f0ccc92) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + (words[at + 10] as number) + 0xffeff47d) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + (words[at + 1] as number) + 0x85845dd1) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  a = (a + (c ^ (b | ~d)) + (words[at + 8] as number) + 0x6fa87e4f) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + (words[at + 15] as number) + 0xfe2ce6e0) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + (words[at + 6] as number) + 0xa3014314) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + (words[at + 13] as number) + 0x4e0811a1) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  a = (a + (c ^ (b | ~d)) + (words[at + 4] as number) + 0xf7537e82) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + (words[at + 11] as number) + 0xbd3af235) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + (words[at + 2] as number) + 0x2ad7d2bb) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + (words[at + 9] as number) + 0xeb86d391) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;

  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}
