import type { Commands } from './commands.ts';
import type { Item } from './item.ts';
import type { ReplyBuffer } from './reply-buffer.ts';
import type { ServerFacts } from './stats.ts';

/** What a conversation in any of the protocols sees of its connection. */
export interface Channel {
  readonly output: ReplyBuffer;
  readonly commands: Commands;
  readonly facts: ServerFacts;
  /** Whether earlier replies wait for the client to read them. */
  readonly blocked: boolean;
  /** Whether nothing more will be read. */
  readonly ended: boolean;
  /** Whether these are the credentials of one of the users. */
  authenticate(username: string, password: string): boolean;
  /** Throws away the next bytes of the client. */
  skip(bytes: number): void;
  /** Sends what has been written, before the end of the batch of commands. */
  flush(): void;
  /**
   * Marks all that has been written as sent. memcached keeps the replies of some commands back until the batch ends,
   * and loses them when a later command of the batch makes it drop what it keeps.
   */
  settle(): void;
  /** Notes that the reply just written refers to this item until it is sent. */
  refer(item: Item): void;
  /** Whether replies of this batch are being kept back, in memcached's way. */
  readonly stacked: boolean;
  /** Drops the replies that are being kept back. */
  dropStacked(): void;
  /** Closes once all that was written is on the wire. */
  end(): void;
  /** Closes; replies that memcached would still keep back are lost, as there. */
  abort(): void;
  /** Told when a command has been dealt with and its whole reply is written. */
  commandDone(): void;
}
