import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './connection.ts';
import { describe, serverError } from './exit.ts';
import { within } from './within.ts';

/** What a server that requires authentication says before it. */
const LOGIN_NEEDED = /^CLIENT_ERROR unauthenticated/;

const NEEDS_TEXT = 'this command needs the text protocol';

/** What hangs up on a command in text. */
const HANGS_UP = `; a server that wants TLS (--tls), or speaks the binary protocol alone, does that, and ${NEEDS_TEXT}`;

/** After how long without a response in text it is asked whether the server speaks binary, in milliseconds. */
const BINARY_PAUSE = 500;

/** A version, at the end of what has come; a value may end like one, so that a moment has to pass behind it. */
const FENCE = /VERSION [^\r\n]*\r\n$/;
const FENCE_BYTES = 200;
/** In milliseconds. */
const SETTLED = 30;

/**
 * A conversation in memcached's text protocol, for the commands that the client has no form for. Commands are sent one
 * after the other: each once the response to the one before has been read.
 */
export class TextSession {
  readonly #target: Target;
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #patience: number;
  #lines: string[] = [];
  #next = 0;
  #rest = '';

  private constructor(target: Target, socket: Socket, timeout: number) {
    this.#target = target;
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
    this.#patience = timeout * 1000;
  }

  /** Connects and, where the server wants it, logs in. `timeout` is in seconds. */
  static async open(target: Target, timeout: number): Promise<TextSession> {
    const socket = await openSocket(target, timeout * 1000);
    const session = new TextSession(target, socket, timeout);
    try {
      await session.#handshake();
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** The next line of the response, its bytes as latin1; `patience` in milliseconds. */
  async line(patience = this.#patience): Promise<string> {
    while (this.#next === this.#lines.length) await this.#read(patience);
    const line = this.#lines[this.#next++] as string;
    // The lines of a metadump end without it.
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  /** All lines that have come, or the next ones: for what comes faster than one could be asked for. In milliseconds. */
  async lines(patience: number): Promise<string[]> {
    while (this.#next === this.#lines.length) await this.#read(patience);
    const lines = this.#next === 0 ? this.#lines : this.#lines.slice(this.#next);
    this.#next = this.#lines.length;
    return lines;
  }

  /** The response to a line, byte by byte: what comes before the response to a `version` behind it. */
  async exchange(text: string): Promise<Buffer> {
    this.#socket.write(`${text}\r\nversion\r\n`);
    let bytes = Buffer.alloc(0);
    let next = this.#chunks.next();
    for (;;) {
      const isWhole = FENCE.test(bytes.toString('latin1', Math.max(0, bytes.length - FENCE_BYTES)));
      const patience = isWhole ? SETTLED : this.#patience;
      const got = await within(next, patience).catch((error) => {
        if (isWhole) return { done: true, value: undefined };
        throw this.#error(describe(error));
      });
      // Who has asked the server to hang up gets no version.
      if (got.done || got.value === undefined) break;
      bytes = Buffer.concat([bytes, got.value]);
      next = this.#chunks.next();
    }
    const [fence = ''] = FENCE.exec(bytes.toString('latin1', Math.max(0, bytes.length - FENCE_BYTES))) ?? [];
    return bytes.subarray(0, bytes.length - fence.length);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #handshake(): Promise<void> {
    this.send('version');
    const answer = await this.#firstLine();
    if (LOGIN_NEEDED.test(answer)) await this.#logIn();
    else if (!answer.startsWith('VERSION ')) throw this.#error('does not speak the text protocol');
  }

  /** A server that answers the client over binary and says nothing here for a while speaks binary alone. */
  async #firstLine(): Promise<string> {
    const line = this.line();
    const silence = new AbortController();
    const binary = sleep(BINARY_PAUSE, undefined, { signal: silence.signal })
      .then(() => this.#speaksBinary())
      .then((speaks) => (speaks ? undefined : line));
    const answer = await Promise.race([line, binary])
      .catch((error) => {
        const isClosed = this.#socket.readableEnded || this.#socket.destroyed;
        throw this.#error(`${describe(error)}${isClosed ? HANGS_UP : ''}`);
      })
      .finally(() => silence.abort());
    if (answer === undefined) throw this.#error(`the server speaks the binary protocol alone, and ${NEEDS_TEXT}`);
    return answer;
  }

  async #speaksBinary(): Promise<boolean> {
    const { client } = this.#target;
    const version = await client.version().catch(() => undefined);
    return version !== undefined && Object.values(client.status()).some(({ protocol }) => protocol === 'binary');
  }

  async #logIn(): Promise<void> {
    const { username, password } = this.#target;
    if (!username || !password) throw this.#error('wants a login: --user and --password-file');
    const login = `${username} ${password}`;
    this.send(`set login 0 0 ${Buffer.byteLength(login)}\r\n${login}`);
    if ((await this.line()) !== 'STORED') throw this.#error('rejected the credentials');
  }

  async #read(patience: number): Promise<void> {
    const { done, value } = await within(this.#chunks.next(), patience).catch((error) => {
      throw this.#error(error instanceof Error ? error.message : String(error));
    });
    if (done) throw this.#error('closed the connection');
    const lines = (this.#rest + value.toString('latin1')).split('\n');
    this.#rest = lines.pop() as string;
    this.#lines = lines;
    this.#next = 0;
  }

  #error(what: string): Error {
    const { name } = this.#target;
    return serverError(what.startsWith(`${name}: `) ? what : `${name}: ${what}`);
  }
}

async function openSocket(target: Target, patience: number): Promise<Socket> {
  const { host, port, tls } = target;
  // Of a name's addresses each gets its share of the time, or the first one that is silent would take all of it.
  const autoSelectFamilyAttemptTimeout = Math.max(1, Math.min(250, Math.floor(patience / 4)));
  const place: NetConnectOpts = host.startsWith('/') ? { path: host } : { host, port, autoSelectFamilyAttemptTimeout };
  // A name that the server shall answer to; an address is none.
  const named = /^[\d.]+$|:|^\//.test(host) ? {} : { servername: host };
  const socket = tls
    ? (await import('node:tls')).connect({ ...place, ...named, ...(tls === true ? {} : tls) })
    : connect(place);
  const opened = new Promise<Socket>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(socket));
    socket.once('error', reject);
  });
  try {
    return await within(opened, patience);
  } catch (error) {
    socket.destroy();
    throw serverError(`${target.name}: ${describe(error)}`);
  }
}
