import { MemcacheError } from '../../src/errors.ts';
import type { Decoder, ProtocolName } from '../../src/protocol/protocol.ts';
import { markOf } from './commands.ts';
import type { Decisions } from './decisions.ts';
import { type Exchange, generated, PROTOCOLS, partsOf, recorded, witnessOf } from './exchanges.ts';
import { checkMemory, checkPrototypes, resetMemory, Violation } from './guards.ts';
import { cut, mutate } from './mutate.ts';
import type { Target } from './target.ts';
import { type Witness, WitnessQueue } from './witness.ts';

/** Memory that a decoder may take for a body that has been announced and has not come. */
const TRUSTED = 16 * 1024 * 1024;

/** Memory beside that: slabs for small values, a block to read into, and what has come up to three times. */
const SLABS = 256 * 1024;
const BLOCK = 512 * 1024;

const NEVER = Number.POSITIVE_INFINITY;

/** What became of the requests of one stream. */
interface Outcome {
  witnesses: Witness[];
  refused: boolean;
}

/** Pieces are lent to a decoder in this, and overwritten as soon as it is done with them. */
const lent = Buffer.alloc(1 << 20);

/** The decoder of one protocol on the client's side, with requests that wait for the stream's answers. */
export class ClientTarget implements Target {
  readonly name: string;
  readonly reads: string;
  readonly counts = { settled: 0, refused: 0 };
  readonly #protocol: ProtocolName;
  readonly #exchanges: readonly Exchange[];
  /** The parts of each response. */
  readonly #parts: readonly (readonly Buffer[])[];
  /** What the request of each exchange gets from its own response. */
  readonly #expected: readonly (readonly number[])[];

  constructor(protocol: ProtocolName) {
    this.name = `client-${protocol}`;
    this.reads = `answers in the ${protocol} protocol`;
    this.#protocol = protocol;
    this.#exchanges = [...recorded(protocol), ...generated(protocol)];
    this.#parts = this.#exchanges.map(({ reply }) => partsOf(protocol, reply));
    this.#expected = this.#exchanges.map((exchange) => {
      const { witnesses, refused } = this.#decode([exchange], [exchange.reply], NEVER);
      const [witness] = witnesses;
      if (refused || !witness?.settled) throw new Violation(`${exchange.command.name}: the corpus is not understood`);
      checkOwnValues(witness);
      return witness.outcomes;
    });
  }

  run(decisions: Decisions): void {
    const picked = Array.from({ length: 1 + decisions.below(5) }, () => decisions.below(this.#exchanges.length));
    const exchanges = picked.map((index) => this.#exchanges[index] as Exchange);
    const ends = endsOf(exchanges);
    // No value is changed where whole parts of answers are missing, twice there or in another order: so all are checked.
    const shuffled = decisions.below(3) === 2;
    const { bytes, intact } = shuffled
      ? { bytes: Buffer.concat(this.#shuffle(picked, decisions)), intact: 0 }
      : mutate(Buffer.concat(exchanges.map(({ reply }) => reply)), decisions, 6, ends);
    const last = decisions.once(50) ? 1 + decisions.below(4) : NEVER;
    const whole = this.#decode(exchanges, [bytes], last);
    const split = this.#decode(exchanges, cut(bytes, decisions), last, decisions.below(2) === 0);
    checkSame(whole, split);
    if (shuffled) for (const witness of whole.witnesses) checkOwnValues(witness);
    else if (last === NEVER) this.#checkPrefix(whole, picked, ends, intact);
    checkPrototypes();
    for (const { settled } of whole.witnesses) if (settled) this.counts.settled++;
    if (whole.refused) this.counts.refused++;
  }

  #shuffle(picked: readonly number[], decisions: Decisions): Buffer[] {
    const parts = picked.flatMap((index) => this.#parts[index] as readonly Buffer[]);
    for (let left = decisions.below(4); left > 0; left--) {
      const at = decisions.below(parts.length);
      const [part = EMPTY] = parts.slice(at, at + 1);
      const change = decisions.below(4);
      if (change === 0) parts.splice(at, 1);
      else if (change === 1) parts.splice(at, 0, part);
      else if (change === 2) parts.splice(decisions.below(parts.length), 0, ...parts.splice(at, 1));
      else parts.splice(at, 1, decisions.of(decisions.of(this.#parts)));
    }
    return parts;
  }

  /** Has the pieces decoded as a connection would; with `plain`, as one without TLS, which asks for memory to read to. */
  #decode(exchanges: readonly Exchange[], pieces: readonly Buffer[], last: number, plain = false): Outcome {
    const witnesses = exchanges.map(witnessOf);
    const queue = new WitnessQueue(witnesses, last);
    const decoder = PROTOCOLS[this.#protocol].createDecoder(queue);
    let bytes = 0;
    let refused = false;
    resetMemory();
    try {
      for (const piece of pieces) {
        bytes += piece.length;
        for (let at = 0; at < piece.length && !queue.over; ) {
          at += lend(decoder, plain ? decoder.room() : undefined, piece.subarray(at));
        }
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused = true;
    } finally {
      decoder.close();
    }
    checkMemory(TRUSTED + SLABS + BLOCK + bytes * 3);
    for (const witness of witnesses) witness.checkValues();
    return { witnesses, refused };
  }

  /** What came before the first change is understood as it was meant. */
  #checkPrefix({ witnesses }: Outcome, picked: readonly number[], ends: readonly number[], intact: number): void {
    for (const [index, witness] of witnesses.entries()) {
      if ((ends[index + 1] as number) > intact) return;
      const expected = this.#expected[picked[index] as number] as readonly number[];
      if (!isSame(witness.outcomes, expected))
        throw new Violation('an answer in front of the first change was not understood');
    }
  }
}

const EMPTY = Buffer.alloc(0);

/** Hands on what fits of a piece: in the decoder's own memory, if there is some, or in memory that is only lent. */
function lend(decoder: Decoder, room: Buffer | undefined, piece: Buffer): number {
  if (room !== undefined) {
    const length = piece.copy(room);
    decoder.decode(room, 0, length);
    return length;
  }
  piece.copy(lent, 3);
  decoder.decode(lent, 3, 3 + piece.length);
  lent.fill(0x41, 3, 3 + piece.length);
  return piece.length;
}

/** Where the replies begin, and where the last one ends. */
function endsOf(exchanges: readonly Exchange[]): number[] {
  const ends = [0];
  for (const { reply } of exchanges) ends.push((ends.at(-1) as number) + reply.length);
  return ends;
}

/** The contract of a decoder: these errors, and no others. */
function isRefusal(error: unknown): boolean {
  return error instanceof MemcacheError && (error.code === 'ERR_PROTOCOL' || error.code === 'ERR_CONNECT');
}

function checkSame(whole: Outcome, split: Outcome): void {
  if (whole.refused !== split.refused) throw new Violation('whole and in pieces, the stream was not refused alike');
  for (const [index, witness] of whole.witnesses.entries()) {
    const other = split.witnesses[index] as Witness;
    if (witness.settled !== other.settled || !isSame(witness.outcomes, other.outcomes)) {
      throw new Violation('whole and in pieces, the stream did not come to the same');
    }
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, index) => number === b[index]);
}

/** Every value of the corpus tells its key, except what is counted. */
function checkOwnValues(witness: Witness): void {
  for (const { value, index } of witness.values) {
    const key = String(witness.keyAt(index));
    if (value.length > 0 && !value.includes(markOf(key)))
      throw new Violation('a value came for another key than its own');
  }
}
