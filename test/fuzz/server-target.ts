import type { ProtocolName } from '../../src/protocol/protocol.ts';
import { BINARY_SEEDS, FuzzedServer, TEXT_SEEDS } from '../support/memory-server-fuzz.ts';
import type { Decisions } from './decisions.ts';
import { commandsOf, requestBytes } from './exchanges.ts';
import { checkMemory, checkPrototypes, resetMemory, Violation } from './guards.ts';
import { cut, mutate } from './mutate.ts';
import type { Target } from './target.ts';

/** A longer request is about a large value; cut open, its bytes would be thousands of commands. */
const MAX_REQUEST = 1_000;

/** Replies to one input, the largest item many times, and the block for a value that has been announced. */
const MOST_MEMORY = 4 * 1024 * 1024;

/** memcached closes when it has read so much and no line end, which is a question of what it has read at once. */
const MAX_LINE = 2048;

function hasLongLine(bytes: Buffer): boolean {
  for (let start = 0; start + MAX_LINE < bytes.length; ) {
    const end = bytes.indexOf('\n', start);
    if (end < 0 || end - start >= MAX_LINE) return true;
    start = end + 1;
  }
  return false;
}

const META = /^m[a-z] /;

/** The server's side of one protocol, as MemoryServer has it: what our client sends it, and what others could. */
export class ServerTarget implements Target {
  readonly name: string;
  readonly reads: string;
  readonly counts = { answered: 0, ended: 0 };
  readonly #binary: boolean;
  readonly #requests: readonly Buffer[];
  #time = Date.UTC(2026, 0, 1);
  #servers = this.#start();

  constructor(protocol: ProtocolName) {
    this.name = `server-${protocol}`;
    this.reads = `requests in the ${protocol} protocol`;
    this.#binary = protocol === 'binary';
    const isOurs = (text: Buffer): boolean => META.test(text.toString('latin1')) === (protocol === 'meta');
    const written = this.#binary ? BINARY_SEEDS : TEXT_SEEDS.filter(isOurs);
    const sent = commandsOf(protocol).map(([command, index]) => requestBytes(protocol, command, index));
    this.#requests = [...written, ...sent.filter(({ length }) => length <= MAX_REQUEST)];
  }

  run(decisions: Decisions): void {
    const picked = Array.from({ length: 1 + decisions.below(6) }, () => decisions.of(this.#requests));
    const authentication = decisions.once(8);
    if (decisions.once(50)) this.#time += 1000;
    const stream = Buffer.concat(picked);
    const { bytes } = mutate(stream, decisions, 8);
    const [first, second] = this.#servers;
    resetMemory();
    const whole = first.feed([bytes], this.#binary, authentication);
    checkMemory(MOST_MEMORY);
    const pieces = !this.#binary && hasLongLine(bytes) ? [bytes] : cut(bytes, decisions);
    const split = second.feed(pieces, this.#binary, authentication);
    if (!whole.tellsUsage && (whole.gist !== split.gist || whole.replied !== split.replied)) {
      // What a plainer input makes of it has to be seen from the beginning.
      this.#servers = this.#start();
      throw new Violation('whole and in pieces, the requests were not answered alike');
    }
    checkPrototypes();
    if (whole.replied > 0) this.counts.answered++;
    if (whole.ended) this.counts.ended++;
  }

  #start(): [FuzzedServer, FuzzedServer] {
    const clock = (): number => this.#time;
    return [new FuzzedServer(clock), new FuzzedServer(clock)];
  }
}
