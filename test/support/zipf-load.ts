import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Memcached } from './memcached.ts';
import { Random } from './random.ts';
import { sleep } from './wait.ts';

export interface ZipfOptions {
  /** How many keys there are; the first ones are asked for most: the nth n times less often than the first. */
  keys: number;
  /** Gets per second. */
  rate: number;
  seed?: number;
}

const SOCKETS = 4;
/** In milliseconds. */
const TICK = 5;

/** Gets of keys with a Zipf distribution, at a rate, pipelined on a few sockets; it knows how often it sent each. */
export class ZipfLoad implements Disposable {
  /** How often the nth key was asked for. */
  readonly counts: number[];
  readonly #sockets: readonly Socket[];
  readonly #shares: readonly number[];
  readonly #rate: number;
  readonly #random: Random;

  private constructor(sockets: readonly Socket[], { keys, rate, seed = 1 }: ZipfOptions) {
    this.#sockets = sockets;
    this.#rate = rate;
    this.#random = new Random(seed);
    this.counts = new Array<number>(keys).fill(0);
    let sum = 0;
    this.#shares = this.counts.map((_, index) => (sum += 1 / (index + 1)));
  }

  static async start({ port }: Memcached, options: ZipfOptions): Promise<ZipfLoad> {
    const sockets = Array.from({ length: SOCKETS }, () => connect(port, '127.0.0.1').resume());
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return new ZipfLoad(sockets, options);
  }

  static keyOf(index: number): string {
    return `item:${index}`;
  }

  /** Sends for so many seconds, or until `signal` says so, and waits for the responses; how many gets that were. */
  async run(seconds: number, signal?: AbortSignal): Promise<number> {
    const start = performance.now();
    let sent = 0;
    for (;;) {
      const elapsed = performance.now() - start;
      if (elapsed > seconds * 1000 || signal?.aborted) break;
      const due = Math.floor((elapsed / 1000) * this.#rate) - sent;
      // A server that is behind gets no more until it has caught up.
      if (!this.#sockets.some((socket) => socket.writableNeedDrain)) sent += this.#send(due);
      await sleep(TICK);
    }
    await Promise.all(this.#sockets.map(drained));
    return sent;
  }

  /** The keys that were asked for most, those first. */
  hottest(count: number): string[] {
    const order = this.counts.map((_, index) => index).sort((a, b) => (this.counts[b] ?? 0) - (this.counts[a] ?? 0));
    return order.slice(0, count).map(ZipfLoad.keyOf);
  }

  /** How often a key was asked for. */
  countOf(key: string): number {
    return this.counts[Number(key.replace(/^item:/, ''))] ?? 0;
  }

  #send(count: number): number {
    const size = Math.ceil(Math.max(0, count) / SOCKETS);
    for (const socket of this.#sockets) {
      let text = '';
      for (let each = 0; each < size; each++) text += `get ${ZipfLoad.keyOf(this.#next())}\r\n`;
      if (text !== '') socket.write(text);
    }
    return size * SOCKETS;
  }

  #next(): number {
    const place = (this.#random.next() / 2 ** 32) * (this.#shares.at(-1) ?? 0);
    let [low, high] = [0, this.#shares.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#shares[middle] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1;
    return low;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Waits for the response to what was sent last. */
async function drained(socket: Socket): Promise<void> {
  socket.write('version\r\n');
  for (let text = ''; !text.includes('VERSION '); ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text = text.slice(-20) + chunk.toString('latin1');
  }
}
