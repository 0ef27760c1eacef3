import { BinaryConversation } from '../../src/memory-server/binary-conversation.ts';
import type { Channel } from '../../src/memory-server/channel.ts';
import { Cluster } from '../../src/memory-server/cluster.ts';
import { Commands } from '../../src/memory-server/commands.ts';
import { ReplyBuffer } from '../../src/memory-server/reply-buffer.ts';
import type { ServerFacts } from '../../src/memory-server/stats.ts';
import { Store } from '../../src/memory-server/store.ts';
import { TextConversation } from '../../src/memory-server/text-conversation.ts';
import { Opcode } from '../../src/memory-server/wire/binary.ts';
import { RequestReader } from '../../src/memory-server/wire/request-reader.ts';
import { counterExtras, expirationExtras, frame, storeExtras } from './binary-frames.ts';

/** The sum of items may not pass this while fuzzing. */
const MEMORY_LIMIT = 200_000;

/** General statistics are longer. */
const SHORT_REPLY = 1000;

/** No single input may make so many bytes wait for more of it. */
const MOST_BUFFERED = 5 * 1024 * 1024;

/** A connection without a socket: takes bytes, keeps no more than the gist of the replies, and can be looked into. */
class FuzzedConnection implements Channel {
  readonly output = new ReplyBuffer();
  readonly commands: Commands;
  readonly facts: ServerFacts = {
    port: 0,
    host: '127.0.0.1',
    path: undefined,
    tls: false,
    authentication: false,
    connections: 1,
    cluster: new Cluster(),
    verbosity: 0,
    detail: false,
    crawler: true,
  };
  readonly blocked = false;
  readonly stacked = false;
  readonly reader: RequestReader;
  ended = false;
  spareCas = 0n;
  /** How many bytes of replies there were, and a number that stands for what they were. */
  replied = 0;
  gist = 0;
  /** Whether the replies tell how much of the processor was used, which is never twice the same. */
  tellsUsage = false;

  constructor(commands: Commands, binary: boolean, authentication: boolean) {
    this.commands = commands;
    const conversation = binary
      ? new BinaryConversation(this, authentication)
      : new TextConversation(this, authentication);
    this.reader = new RequestReader(conversation);
  }

  authenticate = (username: string, password: string): boolean => username === 'user' && password === 'secret';
  skip(bytes: number): void {
    this.reader.skip(bytes);
  }
  flush(): void {
    const { buffer, position } = this.output;
    if (position === 0) return;
    for (let at = 0; at < position; at++) this.gist = (Math.imul(this.gist, 31) + (buffer[at] as number)) | 0;
    this.replied += position;
    this.tellsUsage ||= position > SHORT_REPLY && buffer.subarray(0, position).includes('rusage_user');
    this.output.position = 0;
  }
  settle(): void {}
  refer(): void {}
  end(): void {
    this.ended = true;
  }
  commandDone(): void {
    this.flush();
  }
}

/** A server's inside, fed with inputs one after the other. */
export class FuzzedServer {
  readonly store: Store;
  readonly commands: Commands;

  /** `clock` is in milliseconds, as `Date.now` is. */
  constructor(clock: () => number = Date.now) {
    this.store = new Store({ memoryLimit: MEMORY_LIMIT, maxItemSize: 20_000, clock });
    this.commands = new Commands(this.store);
  }

  /** Feeds one input on a fresh connection, in the pieces given; throws where a bound is passed. */
  feed(pieces: readonly Buffer[], binary: boolean, authentication: boolean): FuzzedConnection {
    const connection = new FuzzedConnection(this.commands, binary, authentication);
    for (const piece of pieces) {
      if (connection.ended) break;
      connection.reader.push(piece);
      connection.flush();
    }
    if (this.store.bytes > MEMORY_LIMIT) throw new Error(`items take ${this.store.bytes} bytes`);
    if (connection.reader.buffered > MOST_BUFFERED) throw new Error(`${connection.reader.buffered} bytes are held`);
    return connection;
  }
}

export const TEXT_SEEDS = [
  'get a b c\r\n',
  'gets a\r\ngat 10 a b\r\n',
  'set a 1 2 3\r\nxyz\r\n',
  'set a 0 0 20000\r\n',
  'cas a 0 0 1 7\r\nx\r\n',
  'append a 0 0 2 noreply\r\nxy\r\n',
  'incr a 18446744073709551615\r\ndecr a 1\r\n',
  'delete a 0 noreply\r\ntouch a 5\r\n',
  'flush_all 3\r\nverbosity 1\r\nversion\r\n',
  'stats\r\nstats settings\r\nstats items\r\nstats slabs\r\nstats cachedump 1 5\r\n',
  'lru_crawler metadump all\r\nlru_crawler crawl 1,2\r\n',
  'mg a v k q s t c f h l u O1 N3 R4 T5\r\n',
  'mg YWJj b k v\r\n',
  'ms a 3 c T5 F6 C7 I k O8 b q MA N2 s E9\r\nxyz\r\n',
  'md a q I T5 C3 x E4 k O1\r\n',
  'ma a N5 J6 D7 MD v t c k q\r\nma a M+\r\n',
  'me a b\r\nmn\r\n',
  'cache_memlimit 64\r\nquit\r\n',
  'set user 0 0 11\r\nuser secret\r\n',
].map((text) => Buffer.from(text));

export const BINARY_SEEDS = [
  frame(Opcode.Get, { key: 'a' }),
  frame(Opcode.GetKQ, { key: 'abc' }),
  frame(Opcode.Set, { key: 'a', extras: storeExtras(1, 2), value: 'xyz', cas: 3n }),
  frame(Opcode.AddQ, { key: 'b', extras: storeExtras(), value: '10' }),
  frame(Opcode.Append, { key: 'a', value: 'xyz' }),
  frame(Opcode.Delete, { key: 'a', cas: 1n }),
  frame(Opcode.Increment, { key: 'b', extras: counterExtras(1n, 2n, 3) }),
  frame(Opcode.Touch, { key: 'a', extras: expirationExtras(3) }),
  frame(Opcode.GatK, { key: 'a', extras: expirationExtras(3) }),
  frame(Opcode.Flush, { extras: expirationExtras(2) }),
  frame(Opcode.Stat, { key: 'settings' }),
  frame(Opcode.Noop),
  frame(Opcode.SaslAuth, { key: 'PLAIN', value: '\0user\0secret' }),
  frame(Opcode.SaslStep, { key: 'PLAIN', value: 'user' }),
  frame(0x77, { key: 'a', value: 'zzz' }),
];
