import { cryptoModule } from '../../builtins.ts';
import { DEFAULT_PORT } from '../../cluster/address.ts';
import { md5 } from '../../cluster/distribution/md5.ts';

/** What stands beside a server in a list with weights. */
export type Weight = number | { weight?: number | undefined; vnodes?: number | undefined };

/** Servers, as the constructor takes them. */
export type ServerLocation = string | readonly string[] | Readonly<Record<string, Weight>>;

/** The name of one of node:crypto's digests, or a function that makes one of 16 bytes or more. */
export type Algorithm = string | ((key: string) => Uint8Array | string);

interface Node {
  server: string;
  weight: number;
  /** How many digests the server has on the ring; 0: by its weight. */
  vnodes: number;
}

interface Point {
  value: number;
  server: string;
}

/** Of a server with the mean weight. */
const VNODES = 40;

/**
 * The ring of the package `hashring` 3.2, as `memcached` 2.2 makes it: a key is on the same server as there. With
 * `'ketama'` a server at the port 11211 is placed by its host alone, and a digest makes four points; with `'hash_ring'`
 * every server is placed by its whole name, and a digest makes three.
 */
export class HashRing {
  readonly #digest: (text: string) => ArrayLike<number>;
  readonly #compatibility: unknown;
  #nodes: Node[];
  #points: Point[] = [];

  constructor(location: ServerLocation, algorithm: Algorithm = 'md5', compatibility: unknown = 'ketama') {
    this.#digest = digestOf(algorithm);
    this.#compatibility = compatibility;
    this.#nodes = nodesOf(location);
    this.#build();
  }

  /** The server for a key; `undefined` where there is none left. */
  get(key: string): string | undefined {
    return this.#points[this.#indexOf(key)]?.server;
  }

  /** So many servers for a key, each once: the one of {@link HashRing.get} first, then those that follow on the ring. */
  range(key: string, size: number): string[] {
    const first = this.#indexOf(key);
    const servers = new Set<string>();
    for (let i = 0; i < this.#points.length && servers.size < size; i++) {
      servers.add((this.#points[(first + i) % this.#points.length] as Point).server);
    }
    return [...servers];
  }

  has(server: string): boolean {
    return this.#nodes.some((node) => node.server === server);
  }

  /** Puts another server in the place of one, which keeps its keys' places. */
  swap(from: string, to: string): void {
    for (const place of [...this.#nodes, ...this.#points]) if (place.server === from) place.server = to;
  }

  /** Takes a server off; its keys go to those that follow. */
  remove(server: string): void {
    this.#nodes = this.#nodes.filter((node) => node.server !== server);
    this.#build();
  }

  #build(): void {
    const total = this.#nodes.reduce((sum, { weight }) => sum + weight, 0);
    const replicas = this.#compatibility === 'hash_ring' ? 3 : 4;
    this.#points = [];
    for (const { server, weight, vnodes } of this.#nodes) {
      const name = this.#nameOf(server);
      const digests = vnodes || Math.floor((weight / total) * VNODES * this.#nodes.length);
      for (let i = 0; i < digests; i++) {
        const digest = this.#digest(`${name}-${i}`);
        for (let j = 0; j < replicas; j++) this.#points.push({ value: wordAt(digest, j), server });
      }
    }
    this.#points.sort((a, b) => a.value - b.value);
  }

  #nameOf(server: string): string {
    const [host = '', port] = server.split(':');
    return this.#compatibility === 'ketama' && port === String(DEFAULT_PORT) ? host : server;
  }

  /** The first point at or after the key's, past the last one the first of all. */
  #indexOf(key: string): number {
    const points = this.#points;
    const value = wordAt(this.#digest(key), 0);
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((points[middle] as Point).value < value) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }
}

function nodesOf(location: ServerLocation): Node[] {
  if (typeof location === 'string') return [{ server: location, weight: 1, vnodes: 0 }];
  if (Array.isArray(location)) return location.map((server: string) => ({ server, weight: 1, vnodes: 0 }));
  return Object.entries(location as Record<string, Weight>).map(([server, weight]) =>
    typeof weight === 'object'
      ? { server, weight: Number(weight.weight) || 1, vnodes: Number(weight.vnodes) || 0 }
      : { server, weight: Number(weight) || 1, vnodes: 0 },
  );
}

/** Makes the words of digests; they may stand in the same memory each time. */
function digestOf(algorithm: Algorithm): (text: string) => ArrayLike<number> {
  if (algorithm === 'md5') return md5;
  if (typeof algorithm === 'string') {
    const { createHash } = cryptoModule();
    return (text) => wordsOf(createHash(algorithm).update(text).digest());
  }
  return (text) => {
    const digest = algorithm(text);
    return wordsOf(typeof digest === 'string' ? Buffer.from(digest, 'latin1') : digest);
  };
}

/** Of four bytes each, the lowest first. */
function wordsOf(digest: Uint8Array): number[] {
  return [0, 4, 8, 12].map((at) => {
    const [first = 0, second = 0, third = 0, fourth = 0] = digest.subarray(at, at + 4);
    return first | (second << 8) | (third << 16) | (fourth << 24);
  });
}

function wordAt(digest: ArrayLike<number>, index: number): number {
  return (digest[index] as number) >>> 0;
}
