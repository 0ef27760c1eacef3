import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.ts';
import { sleep } from './wait.ts';

/** What a rogue server does with a connection; `index` counts the connections from 0. */
export type Behaviour = (socket: Socket, index: number, server: RogueServer) => void;

/** A TCP server that misbehaves as its caller says, for what a real server can't be brought to do. */
export async function startRogueServer(onConnection: Behaviour): Promise<RogueServer> {
  const server = new RogueServer(await freePort(), onConnection);
  await server.accept();
  return server;
}

export class RogueServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  /** Every connection so far, also those that are closed. */
  readonly sockets: Socket[] = [];
  readonly #chunks: Buffer[][] = [];
  readonly #listener: Server;

  constructor(port: number, onConnection: Behaviour) {
    this.port = port;
    this.address = `${this.host}:${port}`;
    this.#listener = createServer({ noDelay: true }, (socket) => {
      const index = this.sockets.push(socket) - 1;
      const chunks: Buffer[] = [];
      this.#chunks.push(chunks);
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      onConnection(socket, index, this);
    });
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.sockets.length;
  }

  /** How many connections there are now. */
  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  /** All bytes that came, for each connection. */
  get received(): Buffer[] {
    return this.#chunks.map((chunks) => Buffer.concat(chunks));
  }

  /** Ends all connections: with FIN, or with RST. */
  cut(how: 'fin' | 'reset' = 'fin'): void {
    for (const socket of this.sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  /** New connections are refused by the system, as when no server runs; the open ones stay. */
  refuse(): void {
    this.#listener.close();
  }

  get accepting(): boolean {
    return this.#listener.listening;
  }

  /** Takes connections (again). */
  async accept(): Promise<void> {
    if (this.accepting) return;
    this.#listener.listen(this.port, this.host);
    await once(this.#listener, 'listening');
  }

  async stop(): Promise<void> {
    this.cut();
    if (this.accepting) await new Promise((resolve) => this.#listener.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Accepts and reads, and never answers. */
export function silent(): Behaviour {
  return () => {};
}

/** Accepts, and does not even read, so that the client's writes pile up. */
export function deaf(): Behaviour {
  return (socket) => {
    socket.pause();
  };
}

/** Closes in an orderly way (FIN) when the first bytes have come. */
export function finAfterData(): Behaviour {
  return (socket) => {
    socket.once('data', () => socket.end());
  };
}

/** Resets the connection (RST) when the first bytes have come. */
export function resetAfterData(): Behaviour {
  return (socket) => {
    socket.once('data', () => socket.resetAndDestroy());
  };
}

/** Takes that many connections, and behaves to them as given; then refuses all, until the server's `accept()`. */
export function refuseAfter(count: number, behaviour: Behaviour = silent()): Behaviour {
  return (socket, index, server) => {
    if (index + 1 === count) server.refuse();
    // One that the system had taken before the door was shut.
    if (index >= count && !server.accepting) socket.resetAndDestroy();
    else behaviour(socket, index, server);
  };
}

/** Answers whatever comes, each time, with the same bytes. */
export function answer(bytes: string | Uint8Array): Behaviour {
  return (socket) => {
    socket.on('data', () => socket.write(bytes));
  };
}

/** Answers the first data with these bytes in small pieces, a piece every `interval` milliseconds. */
export function trickle(bytes: string | Uint8Array, interval: number, size = 1): Behaviour {
  return (socket) => {
    socket.once('data', async () => {
      const answerBytes = Buffer.from(bytes);
      for (let at = 0; at < answerBytes.length && !socket.destroyed; at += size) {
        socket.write(answerBytes.subarray(at, at + size));
        await sleep(interval);
      }
    });
  };
}

/** What a full memcached does: a line of text, whatever the protocol, and FIN. */
export function tooManyConnections(): Behaviour {
  return (socket) => {
    socket.end('ERROR Too many open connections\r\n');
  };
}

/** Answers the first data with the beginning of a reply (half of it, unless `length` is given), and drops the line. */
export function halfReply(reply: string | Uint8Array, length?: number): Behaviour {
  return (socket) => {
    socket.once('data', () => {
      const whole = Buffer.from(reply);
      socket.write(whole.subarray(0, length ?? whole.length >> 1), () => socket.destroy());
    });
  };
}

/** The first connection gets the first behaviour, and so on; the last one is for all the rest. */
export function inTurn(...behaviours: [Behaviour, ...Behaviour[]]): Behaviour {
  return (socket, index, server) => {
    const behaviour = behaviours[Math.min(index, behaviours.length - 1)];
    behaviour?.(socket, index, server);
  };
}

/** Answers rightly what a client asks before its first command, in whatever protocol, and behaves as given from then on. */
export function afterProbe(behaviour: Behaviour): Behaviour {
  return (socket, index, server) => {
    socket.once('data', (chunk: Buffer) => {
      const probe = probeIn(chunk);
      socket.write(probe.answer);
      const before = socket.rawListeners('data');
      behaviour(socket, index, server);
      // The first command may have come with it.
      if (probe.length === chunk.length) return;
      for (const listener of socket.rawListeners('data')) {
        if (!before.includes(listener)) listener.call(socket, chunk.subarray(probe.length));
      }
    });
  };
}

const VERSION = 'VERSION 1.6.18\r\n';

function probeIn(chunk: Buffer): { length: number; answer: string | Buffer } {
  const text = chunk.toString('latin1');
  const meta = /^mg \S+ b[^\n]*\n(?:version\r\n)?mn *\r\n/.exec(text);
  if (meta !== null) return { length: meta[0].length, answer: `EN\r\n${VERSION}MN\r\n` };
  const classic = /^(?:version\r\n){1,3}/.exec(text);
  if (classic !== null) return { length: classic[0].length, answer: VERSION.repeat(classic[0].length / 9) };
  const answer = Buffer.from(chunk.subarray(0, 24));
  answer[0] = 0x81;
  return { length: 24, answer };
}
