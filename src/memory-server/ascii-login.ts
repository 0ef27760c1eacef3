import type { Channel } from './channel.ts';
import { readUint32 } from './wire/numbers.ts';
import { NO_BODY } from './wire/request-reader.ts';
import { credentialsOf, lineLength, wordsOf, writeLine } from './wire/text.ts';

/** Less than this is not looked at, even if there is a line end in it. */
const SHORTEST_INPUT = 3;

/** Lines that are shorter than this, without their LF, make memcached close. */
const SHORTEST_LINE = 6;

/** Credentials may not be longer. */
const MAX_CREDENTIALS = 16 * 1024;

/** ASCII authentication: before it the only command is a `set` whose data block is a user name and a password. */
export class AsciiLogin {
  readonly #channel: Channel;
  done: boolean;

  constructor(channel: Channel, needed: boolean) {
    this.#channel = channel;
    this.done = !needed;
  }

  headLength(buffer: Buffer, start: number, end: number): number {
    return end - start < SHORTEST_INPUT ? 0 : lineLength(buffer, start, start, end);
  }

  /** Takes one line; answers with the length of the data block behind it, as a conversation's `head` does. */
  head(buffer: Buffer, start: number, end: number): number {
    if (end - 1 - start < SHORTEST_LINE) {
      this.#channel.end();
      return NO_BODY;
    }
    // memcached takes the last character for a CR, whatever it is.
    const line = buffer.toString('latin1', start, end - 2);
    const words = wordsOf(line);
    const length = line.startsWith('set') && words.length >= 5 ? readUint32(words[4] as string) : undefined;
    if (length !== undefined && length <= MAX_CREDENTIALS) return length + 2;
    this.#answer(length === undefined ? 'unauthenticated' : 'auth token too long');
    return NO_BODY;
  }

  /** Takes the data block; `valid` is whether CR LF ends it. */
  take(data: string, valid: boolean): void {
    const credentials = credentialsOf(Buffer.from(data, 'latin1').toString());
    if (!valid) this.#answer('bad command line termination');
    else if (credentials === undefined) this.#answer('bad authentication token format');
    else this.#judge(credentials.username, credentials.password);
  }

  #judge(username: string, password: string): void {
    const { counters } = this.#channel.commands.store;
    counters.auth_cmds++;
    this.done = this.#channel.authenticate(username, password);
    if (this.done) {
      writeLine(this.#channel.output, 'STORED');
    } else {
      counters.auth_errors++;
      this.#answer('authentication failure');
    }
  }

  #answer(refusal: string): void {
    writeLine(this.#channel.output, `CLIENT_ERROR ${refusal}`);
  }
}
