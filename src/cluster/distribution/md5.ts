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

/** Of each of the 64 steps of section 3.4: its constant, which is made of a sine, and by how much it rotates. */
const ADDENDS = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32));
const ROTATIONS = Uint8Array.from(
  [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21].flatMap((_, i, all) => all.slice(i & 12, (i & 12) + 4)),
);

/** Which word each step takes: a table is a quarter faster than to reckon it. */
const WORDS = Uint8Array.from({ length: 64 }, (_, step) => {
  if (step < 16) return step;
  if (step < 32) return (5 * step + 1) & 15;
  return (step < 48 ? 3 * step + 5 : 7 * step) & 15;
});

/** Section 3.4, a loop for each round: a single one that chooses in each step how to mix takes half as long again. */
function digestBlock(words: Int32Array, at: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  for (let step = 0; step < 16; step++) {
    const next = b + rotated(a + (d ^ (b & (c ^ d))), words, at, step);
    a = d;
    d = c;
    c = b;
    b = next | 0;
  }
  for (let step = 16; step < 32; step++) {
    const next = b + rotated(a + (c ^ (d & (b ^ c))), words, at, step);
    a = d;
    d = c;
    c = b;
    b = next | 0;
  }
  for (let step = 32; step < 48; step++) {
    const next = b + rotated(a + (b ^ c ^ d), words, at, step);
    a = d;
    d = c;
    c = b;
    b = next | 0;
  }
  for (let step = 48; step < 64; step++) {
    const next = b + rotated(a + (c ^ (b | ~d)), words, at, step);
    a = d;
    d = c;
    c = b;
    b = next | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}

/** What a step adds to `b`. */
function rotated(mixed: number, words: Int32Array, at: number, step: number): number {
  const sum = (mixed + (words[at + (WORDS[step] as number)] as number) + (ADDENDS[step] as number)) | 0;
  const rotation = ROTATIONS[step] as number;
  return (sum << rotation) | (sum >>> (32 - rotation));
}
