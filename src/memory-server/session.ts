import type { Socket } from 'node:net';
import { setImmediate } from '../clock.ts';
import { REQUEST_MAGIC } from '../protocol/binary/constants.ts';
import { BinaryConversation } from './binary-conversation.ts';
import type { Channel } from './channel.ts';
import type { Commands } from './commands.ts';
import { Delivery } from './delivery.ts';
import type { Faults } from './faults.ts';
import type { Batch, Item } from './item.ts';
import { ReplyBuffer } from './reply-buffer.ts';
import type { ServerFacts } from './stats.ts';
import { TextConversation } from './text-conversation.ts';
import { type Conversation, RequestReader } from './wire/request-reader.ts';

/** With more than this unsent, nothing more is read until the client has taken it. */
const MOST_UNSENT = 1024 * 1024;

/** Replies are sent before the batch of commands ends when there are more than this many bytes of them. */
const FLUSH_BYTES = 64 * 1024;

/** After so many commands of a connection memcached sends its replies and looks after others. */
const COMMANDS_IN_A_ROW = 20;

/** Which protocols a server speaks: by the first byte, or only one of the two, as with memcached's `-B`. */
export type ServerProtocol = 'auto' | 'binary' | 'ascii';

/** What the connections of one server share. */
export interface SessionContext {
  readonly commands: Commands;
  readonly facts: ServerFacts;
  readonly faults: Faults;
  readonly protocol: ServerProtocol;
  /** By user name; undefined where nobody has to authenticate. */
  readonly users: ReadonlyMap<string, string> | undefined;
}

/** One connection: finds out what it speaks, feeds its bytes to the parser, and sends the replies. */
export class Session implements Channel {
  readonly output = new ReplyBuffer();
  readonly commands: Commands;
  readonly facts: ServerFacts;
  ended = false;
  spareCas = 0n;
  readonly #context: SessionContext;
  readonly #socket: Socket;
  readonly #delivery: Delivery;
  #reader: RequestReader | undefined;
  #draining = false;
  /** Up to where replies count as sent, by memcached's rules. */
  #settled = 0;
  #batch: Batch | undefined;
  /** Commands since memcached would have turned to other connections. */
  #commands = 0;
  /** Whether replies go through the faults. */
  #faulty = false;

  constructor(context: SessionContext, socket: Socket) {
    this.#context = context;
    this.#socket = socket;
    this.commands = context.commands;
    this.facts = context.facts;
    this.#delivery = new Delivery(context.faults, {
      write: (bytes) => this.#write(bytes),
      drop: () => socket.destroy(),
      end: () => this.#close(),
    });
    this.faultsChanged();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('close', () => {
      this.ended = true;
      this.#delivery.close();
    });
    // `close` follows, and the client sees what broke.
    socket.on('error', () => {});
  }

  get blocked(): boolean {
    return this.#draining || this.#delivery.bytes > MOST_UNSENT;
  }

  get stacked(): boolean {
    return this.output.position > this.#settled;
  }

  authenticate(username: string, password: string): boolean {
    return this.#context.users?.get(username) === password;
  }

  skip(bytes: number): void {
    this.#reader?.skip(bytes);
  }

  settle(): void {
    this.#settled = this.output.position;
    this.#letGo();
  }

  refer(item: Item): void {
    this.#batch ??= { sent: false };
    item.batch = this.#batch;
  }

  end(): void {
    this.ended = true;
  }

  commandDone(): void {
    if (++this.#commands > COMMANDS_IN_A_ROW) {
      this.#commands = 0;
      this.settle();
    }
    if (this.#faulty) this.#deliver();
    else if (this.output.position > FLUSH_BYTES) this.flush();
  }

  flush(): void {
    const { output } = this;
    this.#settled = 0;
    this.#letGo();
    if (output.position === 0) return;
    if (this.#faulty) {
      this.#deliver();
      return;
    }
    const bytes = output.take();
    this.commands.store.counters.bytes_written += bytes.length;
    this.#socket.write(bytes, () => output.recycle(bytes));
    if (this.#socket.writableLength > MOST_UNSENT) this.#block();
  }

  /** Sends bytes that no command asked for. */
  push(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Faults were switched on or off: what was held back may go out now. */
  faultsChanged(): void {
    this.#delivery.pump();
    this.#faulty = this.#context.faults.strikesCommands || this.#delivery.busy;
    if (!this.blocked) this.#proceed();
  }

  #receive(chunk: Buffer): void {
    if (this.ended) return;
    const { store } = this.commands;
    store.tick();
    this.#commands = 0;
    store.counters.bytes_read += chunk.length;
    if (this.#reader === undefined) this.#reader = new RequestReader(this.#detect(chunk));
    this.#reader.push(chunk);
    this.#finishBatch();
  }

  #detect(chunk: Buffer): Conversation {
    const { protocol, users } = this.#context;
    const binary = protocol === 'binary' || (protocol === 'auto' && chunk[0] === REQUEST_MAGIC);
    const authentication = users !== undefined;
    return binary ? new BinaryConversation(this, authentication) : new TextConversation(this, authentication);
  }

  #finishBatch(): void {
    this.flush();
    if (this.ended) {
      if (this.#delivery.busy) this.#delivery.end();
      else this.#close();
    } else if (this.blocked) {
      this.#socket.pause();
    }
  }

  /** The replies of the batch count as sent, and their items as free. */
  #letGo(): void {
    if (this.#batch === undefined) return;
    this.#batch.sent = true;
    this.#batch = undefined;
  }

  /** Hands the replies to the faults, command by command. */
  #deliver(): void {
    if (this.output.position > 0) {
      const reply = this.output.cut(0);
      this.#settled = 0;
      this.#delivery.reply(reply);
    }
    this.#faulty = this.#context.faults.strikesCommands || this.#delivery.busy;
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.commands.store.counters.bytes_written += bytes.length;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MOST_UNSENT) this.#block();
    // What was held back makes room when it goes out, whether or not the socket has to drain.
    else if (this.#socket.isPaused()) setImmediate(() => this.#proceed());
  }

  #block(): void {
    this.#draining = true;
    this.#socket.pause();
  }

  #drained(): void {
    this.#draining = false;
    this.#proceed();
  }

  /** Goes on with commands that were read and have had to wait. */
  #proceed(): void {
    if (this.ended || this.blocked || !this.#socket.isPaused()) return;
    this.#socket.resume();
    this.commands.store.tick();
    this.#reader?.resume();
    this.#finishBatch();
  }

  #close(): void {
    if (this.#socket.destroyed) return;
    this.#socket.end(() => this.#socket.destroy());
  }
}
