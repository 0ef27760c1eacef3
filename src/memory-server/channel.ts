import type { Commands } from './commands.ts';
import type { Item } from './item.ts';
import type { ReplyBuffer } from './reply-buffer.ts';
import type { ServerFacts } from './stats.ts';
import type { Flow } from './wire/request-reader.ts';

/** What a conversation in any of the protocols sees of its connection. */
export interface Channel extends Flow {
  readonly output: ReplyBuffer;
  readonly commands: Commands;
  readonly facts: ServerFacts;
  /** Whether these are the credentials of one of the users. */
  authenticate(username: string, password: string): boolean;
  /** Throws away the next bytes of the client. */
  skip(bytes: number): void;
  /** Sends what has been written, before the end of the batch of commands. */
  flush(): void;
  /** Marks all that has been written as sent: memcached keeps the replies of most commands back until the batch ends. */
  settle(): void;
  /** Whether replies of this batch are being kept back, in memcached's way. */
  readonly stacked: boolean;
  /** Notes that the reply just written refers to this item until it is sent. */
  refer(item: Item): void;
  /**
   * A CAS number that was taken for a store and not used, 0n if there is none: memcached takes it when the line of an
   * `ms` comes, and if that fails, the connection's next classic store gets it.
   */
  spareCas: bigint;
  /** Closes once all that was written is on the wire. */
  end(): void;
}

/** The CAS number for a store whose data block has come. */
export function takeCas(channel: Channel): bigint {
  const spare = channel.spareCas;
  channel.spareCas = 0n;
  return spare === 0n ? channel.commands.store.nextCas() : spare;
}
