import fc from 'fast-check';
import { BinaryConversation } from '../../src/memory-server/binary-conversation.ts';
import type { Channel } from '../../src/memory-server/channel.ts';
import { Cluster } from '../../src/memory-server/cluster.ts';
import { Commands } from '../../src/memory-server/commands.ts';
import { ReplyBuffer } from '../../src/memory-server/reply-buffer.ts';
import type { ServerFacts } from '../../src/memory-server/stats.ts';
import { Store } from '../../src/memory-server/store.ts';
import { TextConversation } from '../../src/memory-server/text-conversation.ts';
import { Opcode } from '../../src/protocol/binary/server-side.ts';
import { RequestReader } from '../../src/protocol/request-reader.ts';
import { counterExtras, expirationExtras, frame, storeExtras } from './binary-frames.ts';

/** The sum of items may not pass this while fuzzing. */
export const MEMORY_LIMIT = 200_000;

/** No single input may make so many bytes wait for more of it. */
export const MOST_BUFFERED = 5 * 1024 * 1024;

/** A connection without a socket: takes bytes, throws the replies away, and can be looked into. */
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
  replied = 0;

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
    this.replied += this.output.position;
    this.output.position = 0;
  }
  settle(): void {}
  refer(): void {}
  dropStacked(): void {}
  end(): void {
    this.ended = true;
  }
  abort(): void {
    this.ended = true;
  }
  commandDone(): void {
    this.flush();
  }
}

/** A server's inside, fed with inputs one after the other. */
export class FuzzTarget {
  readonly store = new Store({ memoryLimit: MEMORY_LIMIT, maxItemSize: 20_000 });
  readonly commands = new Commands(this.store);

  /** Feeds one input on a fresh connection, in the pieces given; throws where a bound is passed. */
  feed(input: Input): void {
    const connection = new FuzzedConnection(this.commands, input.binary, input.authentication);
    let at = 0;
    for (const length of [...input.pieces, Number.POSITIVE_INFINITY]) {
      if (connection.ended || at >= input.bytes.length) break;
      connection.reader.push(input.bytes.subarray(at, at + length));
      connection.flush();
      at += length;
    }
    if (this.store.bytes > MEMORY_LIMIT) throw new Error(`items take ${this.store.bytes} bytes`);
    if (connection.reader.buffered > MOST_BUFFERED) throw new Error(`${connection.reader.buffered} bytes are held`);
  }
}

export interface Input {
  binary: boolean;
  authentication: boolean;
  bytes: Buffer;
  /** Lengths of the pieces in which the bytes come; the rest comes in one. */
  pieces: readonly number[];
}

const TEXT_SEEDS = [
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

const BINARY_SEEDS = [
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

/** Changes some bytes of an input: other bytes, cuts, repetitions, and what parsers trip over. */
function mutate(bytes: Buffer, changes: readonly (readonly [kind: number, at: number, byte: number])[]): Buffer {
  let changed = bytes;
  for (const [kind, where, byte] of changes) {
    const at = where % (changed.length + 1);
    const [before, behind] = [changed.subarray(0, at), changed.subarray(at)];
    switch (kind) {
      case 0:
        changed = Buffer.concat([before, Buffer.of(byte), behind.subarray(1)]);
        break;
      case 1:
        changed = Buffer.concat([before, Buffer.of(byte), behind]);
        break;
      case 2:
        changed = Buffer.concat([before, behind.subarray(1 + (byte % 8))]);
        break;
      case 3:
        changed = Buffer.concat([before, before.subarray(-byte), behind]);
        break;
      default:
        changed = Buffer.concat([before, NASTY[byte % NASTY.length] as Buffer, behind]);
    }
  }
  return changed;
}

const NASTY = [
  '\r\n',
  ' ',
  '\0',
  '-1',
  '4294967296',
  '99999999999999999999',
  'x'.repeat(300),
  ' '.repeat(300),
  'x'.repeat(3000),
  'noreply',
  '\xff\xff\xff\xff',
  '\x80',
  '\u0081',
].map((text) => Buffer.from(text, 'latin1'));

/** Mutated inputs of both kinds, cut into pieces. */
export const inputs: fc.Arbitrary<Input> = fc
  .record({
    binary: fc.boolean(),
    authentication: fc.boolean(),
    seeds: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    changes: fc.array(fc.tuple(fc.nat(4), fc.nat(4000), fc.nat(255)), { maxLength: 8 }),
    pieces: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 5 }),
  })
  .map(({ binary, authentication, seeds, changes, pieces }) => {
    const list = binary ? BINARY_SEEDS : TEXT_SEEDS;
    const bytes = Buffer.concat(seeds.map((seed) => list[seed % list.length] as Buffer));
    return { binary, authentication, bytes: mutate(bytes, changes), pieces };
  });
