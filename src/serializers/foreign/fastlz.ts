import { unreadable } from '../layout.ts';

/** From here on level 2 has another way to say how far back a match is. */
const FAR = 8192;
/** Of a match, seven: more of its length follows. */
const LONG_MATCH = 7;
/** An instruction makes at most this many bytes for each of its own. */
const HIGHEST_RATIO = 256;

/**
 * Decompresses FastLZ, level 1 or 2, to exactly `length` bytes; `ERR_UNSUPPORTED` for what does not come to them. A
 * block is a row of instructions; the three upper bits of the first say the level. An instruction below 32 is a run of
 * that many bytes and one, which follow; any other is a match: three bits of length, five bits of distance, and a byte
 * more of distance.
 */
export function fastlz(bytes: Buffer, length: number): Buffer {
  if (length > bytes.length * HIGHEST_RATIO) throw broken();
  const block = new Block(bytes, Buffer.allocUnsafeSlow(length));
  while (!block.atEnd) block.follow();
  return block.result();
}

class Block {
  readonly #bytes: Buffer;
  readonly #output: Buffer;
  readonly #isLevel2: boolean;
  #from = 0;
  #to = 0;

  constructor(bytes: Buffer, output: Buffer) {
    this.#bytes = bytes;
    this.#output = output;
    const level = (bytes[0] ?? 0) >> 5;
    if (level > 1) throw broken();
    this.#isLevel2 = level === 1;
  }

  get atEnd(): boolean {
    return this.#from === this.#bytes.length;
  }

  result(): Buffer {
    if (this.#to !== this.#output.length) throw broken();
    return this.#output;
  }

  follow(): void {
    const instruction = this.#from === 0 ? this.#next() & 0x1f : this.#next();
    if (instruction < 32) this.#copyRun(instruction + 1);
    else this.#copyMatch(this.#matchLength(instruction >> 5), this.#distance((instruction & 0x1f) << 8));
  }

  #next(): number {
    const byte = this.#bytes[this.#from++];
    if (byte === undefined) throw broken();
    return byte;
  }

  #matchLength(short: number): number {
    let length = short + 2;
    if (short < LONG_MATCH) return length;
    for (;;) {
      const more = this.#next();
      length += more;
      if (more < 255 || !this.#isLevel2) return length;
    }
  }

  #distance(high: number): number {
    const low = this.#next();
    if (!this.#isLevel2 || high + low + 1 < FAR) return high + low + 1;
    return FAR + (this.#next() << 8) + this.#next();
  }

  #copyRun(length: number): void {
    const end = this.#from + length;
    if (end > this.#bytes.length || this.#to + length > this.#output.length) throw broken();
    this.#bytes.copy(this.#output, this.#to, this.#from, end);
    this.#from = end;
    this.#to += length;
  }

  #copyMatch(length: number, distance: number): void {
    const output = this.#output;
    const end = this.#to + length;
    if (distance > this.#to || end > output.length) throw broken();
    // A match may reach into what it makes, which then repeats: so byte by byte.
    for (; this.#to < end; this.#to++) output[this.#to] = output[this.#to - distance] as number;
  }
}

function broken(): Error {
  return unreadable('its flags say FastLZ, its bytes do not');
}
