import { connect, type Socket } from 'node:net';
import { MemoryServer } from '../../src/memory-server/index.ts';
import { Opcode } from '../../src/memory-server/wire/binary.ts';
import { frame } from '../support/binary-frames.ts';
import { type Memcached, startMemcached, WITHOUT_BACKGROUND_THREADS } from '../support/memcached.ts';
import { sleep } from '../support/wait.ts';
import type { Sequence } from './sequences.ts';

const TEXT_FENCE = Buffer.from('mn\r\n');
const TEXT_FENCE_ANSWER = Buffer.from('MN\r\n');
const BINARY_FENCE = frame(Opcode.Noop, { opaque: 0x0fe0_ce00 });

/** The end of a sequence. The no-ops before it are for a data block that was announced too long. */
const TEXT_END = Buffer.from(`${'mn\r\n'.repeat(8)}mg the-end Othe-end\r\n`);
const TEXT_ENDED = Buffer.from('EN Othe-end\r\n');
const BINARY_END = frame(Opcode.Noop, { opaque: 0x0e4d_0e4d });
const BINARY_ENDED = frame(Opcode.Noop, { magic: 0x81, opaque: 0x0e4d_0e4d });

/**
 * Empties a server. Asking for the keys is what removes them: memcached leaves that to its background threads otherwise,
 * and a later flush with a delay would bring back those that they have not come to.
 */
const EMPTY = Buffer.from(`flush_all\r\nget a b c d n ${'k'.repeat(250)}\r\nmg AAEC b\r\nmg the-end Othe-end\r\n`);

/** The memcached that MemoryServer answers as. */
export const VERSION = '1.6.45';

const PATIENCE = 2_000;
const MAX_END = 100;
const ATTEMPTS = 3;

/** One connection, on which bytes are sent and all that comes back up to a given end is taken. */
class Line {
  readonly #name: string;
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  /** The last bytes that came, as many as an end may have. */
  #tail = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => {};

  constructor(name: string, port: number) {
    this.#name = name;
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#tail = Buffer.concat([this.#tail, chunk.subarray(-MAX_END)]).subarray(-MAX_END);
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Whether the server has closed the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  ask(bytes: Buffer, end: Buffer): Promise<Buffer> {
    if (this.#closed) return Promise.reject(new Error(`${this.#name} has closed the connection`));
    this.#chunks = [];
    this.#tail = Buffer.alloc(0);
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => {
        reject(new Error(`No end came from ${this.#name}, but: ${JSON.stringify(this.#tail.toString('latin1'))}`));
      }, PATIENCE);
      this.#wake = () => {
        if (!this.#closed && !this.#tail.subarray(-end.length).equals(end)) return;
        clearTimeout(overdue);
        resolve(Buffer.concat(this.#chunks));
      };
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** What the sequences found so far. */
export interface Tally {
  sequences: number;
  commands: number;
  /** Runs that were repeated, since a second of memcached's clock ended in them. */
  repeated: number;
}

/** memcached and MemoryServer side by side, with the same clock and the same CAS numbers. */
export class Differential implements AsyncDisposable {
  readonly tally: Tally = { sequences: 0, commands: 0, repeated: 0 };
  readonly #real: Memcached;
  readonly #ours: MemoryServer;
  readonly #clock: { now: number };
  readonly #control: Line;
  #lines: { text: [Line, Line]; binary: [Line, Line] };

  private constructor(real: Memcached, ours: MemoryServer, clock: { now: number }, control: Line) {
    this.#real = real;
    this.#ours = ours;
    this.#clock = clock;
    this.#control = control;
    this.#lines = this.#connect();
  }

  static async start(): Promise<Differential> {
    const real = await startMemcached({ version: VERSION, args: ['-m', '512', ...WITHOUT_BACKGROUND_THREADS] });
    const control = new Line('memcached', real.port);
    const { time, uptime } = await timesOf(control);
    // Our clock begins where memcached's began, so that times are the same numbers on both sides.
    const clock = { now: (time - uptime + 2) * 1000 };
    const ours = await MemoryServer.start({ clock: () => clock.now, memoryLimit: 512 * 1024 * 1024 });
    return new Differential(real, ours, clock, control);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of [this.#control, ...this.#lines.text, ...this.#lines.binary]) line.close();
    await Promise.all([this.#real.stop(), this.#ours.stop()]);
  }

  /**
   * Empties both servers, runs a sequence on both and compares every byte. Only where a second of memcached's clock ended
   * meanwhile, and an expiration may have fallen into it, a difference has to show again.
   */
  async compare(sequence: Sequence): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#sync();
      const begun = this.#clock.now;
      const difference = await this.#difference(sequence);
      if (difference === undefined) break;
      await this.#matchCas();
      await this.#sync();
      if (attempt === ATTEMPTS || this.#clock.now === begun) throw difference;
      this.tally.repeated++;
    }
    this.tally.sequences++;
    this.tally.commands += sequence.commands.length;
  }

  async #difference(sequence: Sequence): Promise<Error | undefined> {
    try {
      await this.#ask('text', EMPTY, TEXT_ENDED);
      const [theirs, ours] = await this.run(sequence);
      if (this.#lines[sequence.protocol].some((line) => line.closed))
        return this.#endDifference(sequence, theirs, ours);
      if (theirs.equals(ours)) return undefined;
      return new Error(differenceOf(sequence, theirs, ours));
    } catch (error) {
      // One side waits for more: what follows must not be mixed with it.
      this.#reconnect();
      return error as Error;
    }
  }

  /**
   * What is different where a server has closed the connection. It closes with input unread, which resets the
   * connection, and a reset may overtake the last replies: whichever side got less of them has to have the same so far.
   */
  async #endDifference(sequence: Sequence, theirs: Buffer, ours: Buffer): Promise<Error | undefined> {
    const [real, memory] = this.#lines[sequence.protocol];
    const closedAlike = real.closed && memory.closed;
    this.#reconnect();
    const common = Math.min(theirs.length, ours.length);
    if (!closedAlike || !theirs.subarray(0, common).equals(ours.subarray(0, common)))
      return new Error(`Only one closed, or it ${differenceOf(sequence, theirs, ours)}`);
    await this.#matchCas();
    return undefined;
  }

  /** Brings both to the same CAS number again, after they may have made different numbers of changes. */
  async #matchCas(): Promise<void> {
    const end = Buffer.from('HD\r\n');
    const store = 'ms cas-number 1\r\nx\r\n';
    for (const [behind, ahead] of [this.#lines.text, [...this.#lines.text].reverse() as [Line, Line]]) {
      const lag = (await casOf(ahead)) - (await casOf(behind));
      for (let i = 0; i < lag; i++) await behind.ask(Buffer.from(store), end);
    }
  }

  /** Runs commands whose items expire, waits, and runs others; what is left has to be the same. */
  async compareAfter(first: Sequence, milliseconds: number, second: Sequence): Promise<void> {
    await this.compare(first);
    await sleep(milliseconds);
    await this.#sync();
    const before = this.#clock.now;
    const [theirs, ours] = await this.run(second);
    await this.#sync();
    if (!theirs.equals(ours) && this.#clock.now === before) throw new Error(differenceOf(second, theirs, ours));
    this.tally.commands += second.commands.length;
  }

  async run({ protocol, commands }: Sequence): Promise<[theirs: Buffer, ours: Buffer]> {
    const fence = protocol === 'text' ? TEXT_FENCE : BINARY_FENCE;
    const bytes = Buffer.concat([
      ...commands.flatMap((command) => [command, fence]),
      protocol === 'text' ? TEXT_END : BINARY_END,
    ]);
    return this.#ask(protocol, bytes, protocol === 'text' ? TEXT_ENDED : BINARY_ENDED);
  }

  async #ask(protocol: Sequence['protocol'], bytes: Buffer, end: Buffer): Promise<[Buffer, Buffer]> {
    const [theirs, ours] = this.#lines[protocol];
    return Promise.all([theirs.ask(bytes, end), ours.ask(bytes, end)]);
  }

  /** Sets our clock to memcached's. */
  async #sync(): Promise<void> {
    this.#clock.now = (await timesOf(this.#control)).time * 1000;
  }

  #connect(): { text: [Line, Line]; binary: [Line, Line] } {
    const pair = (): [Line, Line] => [
      new Line('memcached', this.#real.port),
      new Line('MemoryServer', this.#ours.port),
    ];
    return { text: pair(), binary: pair() };
  }

  #reconnect(): void {
    for (const line of [...this.#lines.text, ...this.#lines.binary]) line.close();
    this.#lines = this.#connect();
  }
}

async function casOf(line: Line): Promise<number> {
  await line.ask(Buffer.from('mn\r\n'), TEXT_FENCE_ANSWER);
  const reply = await line.ask(Buffer.from('ms cas-number 1 c\r\nx\r\nmn\r\n'), TEXT_FENCE_ANSWER);
  return Number(/c(\d+)/.exec(reply.toString())?.[1]);
}

async function timesOf(line: Line): Promise<{ time: number; uptime: number }> {
  const stats = (await line.ask(Buffer.from('stats\r\n'), Buffer.from('END\r\n'))).toString();
  const value = (name: string) => Number(new RegExp(`STAT ${name} (\\d+)`).exec(stats)?.[1]);
  return { time: value('time'), uptime: value('uptime') };
}

/** Says which command was answered differently, and how. */
function differenceOf({ protocol, commands }: Sequence, theirs: Buffer, ours: Buffer): string {
  const fence = frame(Opcode.Noop, { magic: 0x81, opaque: 0x0fe0_ce00 }).toString('latin1');
  const separator = protocol === 'text' ? 'MN\r\n' : fence;
  const left = theirs.toString('latin1').split(separator);
  const right = ours.toString('latin1').split(separator);
  const index = left.findIndex((reply, i) => reply !== right[i]);
  const show = (text: string | undefined) => JSON.stringify(text?.slice(0, 300));
  const history = commands.slice(Math.max(0, index - 30), index + 1).map((command) => show(command.toString('latin1')));
  const replies = `memcached:    ${show(left[index])}\nMemoryServer: ${show(right[index])}`;
  return `answered differently:\n${history.join('\n')}\n${replies}`;
}
