import { Random } from '../../support/random.ts';

/** What values are filled with: no two places in it look alike, so that bytes out of place are seen. */
const FILLER = makeFiller(1024 * 1024 + 16 * 1024);
const FILLER_BYTES = Buffer.from(FILLER, 'latin1');
const OFFSETS = 8191;
/** Longer than any head of a value. */
const HEAD_ROOM = 64;

function makeFiller(length: number): string {
  const random = new Random(20);
  const codes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) codes[at] = 48 + random.below(75);
  return codes.toString('latin1');
}

/**
 * The values of a run. Each is `run.key|number|checksum|filler`, where the checksum and the filler follow from the rest,
 * so that a value shows by itself whether it was ever written under a key; only the last number of each key is kept.
 */
export class Values {
  readonly keys: readonly string[];
  readonly #heads: readonly string[];
  readonly #issued: Uint32Array;
  readonly #salt: number;

  constructor(run: string, letter: string, count: number) {
    this.keys = Array.from({ length: count }, (_, index) => `${run}.${letter}${index}`);
    this.#heads = this.keys.map((key) => `${key}|`);
    this.#issued = new Uint32Array(count);
    this.#salt = run.length + run.charCodeAt(run.length - 1);
  }

  /** The next value of a key. */
  make(index: number): string {
    const number = (this.#issued[index] ?? 0) + 1;
    this.#issued[index] = number;
    return this.#value(index, number);
  }

  /** The number of a value that was written under this key; -1 for anything else. */
  check(index: number, bytes: Buffer): number {
    const head = this.#heads[index] ?? '';
    const text = bytes.toString('latin1', 0, HEAD_ROOM);
    const number = Number.parseInt(text.slice(head.length), 10);
    if (!(number >= 1 && number <= (this.#issued[index] ?? 0))) return -1;
    const mixed = this.#mix(index, number);
    const whole = `${head}${number}|${mixed.toString(36)}|`;
    const size = sizeOf(mixed);
    if (bytes.length !== whole.length + size || !text.startsWith(whole)) return -1;
    const from = mixed % OFFSETS;
    return bytes.compare(FILLER_BYTES, from, from + size, whole.length) === 0 ? number : -1;
  }

  #value(index: number, number: number): string {
    const mixed = this.#mix(index, number);
    const from = mixed % OFFSETS;
    return `${this.#heads[index]}${number}|${mixed.toString(36)}|${FILLER.slice(from, from + sizeOf(mixed))}`;
  }

  #mix(index: number, number: number): number {
    let mixed = Math.imul(number + this.#salt, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    return (mixed ^ (mixed >>> 13)) >>> 0;
  }
}

/**
 * Mostly up to 127 bytes; one in 128 about a packet or a slab, one in 2048 longer than what is read at once, and one in 16,384
 * up to the size that memcached stores.
 */
function sizeOf(mixed: number): number {
  if (mixed >>> 18 === 0) return 250_000 + mixed * 3;
  if (mixed >>> 21 === 0) return 66_000 + (mixed & 8191);
  if (mixed >>> 25 === 0) return 1000 + (mixed & 8191);
  return (mixed >>> 8) & 127;
}
