import { parseSigned32, parseUnsigned32 } from '../protocol/classic/numbers.ts';
import {
  credentialsOf,
  ENDLESS,
  lineLength,
  lineText,
  wordsOf,
  writeHit,
  writeLine,
  writeText,
} from '../protocol/classic/server-side.ts';
import { BAD_LINE } from '../protocol/meta/server-side.ts';
import { AGAIN, type Conversation, NEVER, NO_BODY } from '../protocol/request-reader.ts';
import { AdminCommands } from './admin-commands.ts';
import type { Channel } from './channel.ts';
import { ClassicCommands } from './classic-commands.ts';
import { OLD_KEY } from './cluster.ts';
import { MetaCommands } from './meta-commands.ts';
import { VERSION } from './stats.ts';

const SPACE = 0x20;
const LONGEST_KEY = 250;

/** What memcached reads at once: credentials that do not fit there make it close. */
const LONGEST_CREDENTIALS = 16 * 1024;

/** Replies to one line are sent in parts of about this size, so that a long `get` does not fill the memory. */
const PART_BYTES = 64 * 1024;

/** Takes the data block behind a line; `valid` is whether CR LF ends it. */
export type TakeData = (data: string, valid: boolean) => void;

/** What a storage command answers a line with: how to take its data block, and how long that is without its CR LF. */
export interface DataBlock {
  length: number;
  take: TakeData;
}

/** Writes the rest of a long answer; false when it has to wait and be called again. */
export type Continuation = () => boolean;

/** A connection that speaks text: the classic and the meta commands, mixed as one likes. */
export class TextConversation implements Conversation {
  readonly #channel: Channel;
  readonly #classic: ClassicCommands;
  readonly #meta: MetaCommands;
  readonly #admin: AdminCommands;
  #authenticated: boolean;
  #takeData: TakeData = () => {};
  #continuation: Continuation | undefined;

  constructor(channel: Channel, authentication: boolean) {
    this.#channel = channel;
    this.#authenticated = !authentication;
    this.#classic = new ClassicCommands(channel);
    this.#meta = new MetaCommands(channel);
    this.#admin = new AdminCommands(channel);
  }

  get blocked(): boolean {
    return this.#channel.blocked;
  }

  get ended(): boolean {
    return this.#channel.ended;
  }

  commandDone(): void {
    this.#channel.commandDone();
  }

  headLength(buffer: Buffer, start: number, from: number, end: number): number {
    const length = lineLength(buffer, start, from, end);
    if (length !== ENDLESS) return length;
    this.#channel.abort();
    return NEVER;
  }

  head(buffer: Buffer, start: number, end: number): number {
    if (this.#continuation === undefined) {
      const line = lineText(buffer, start, end);
      if (!this.#authenticated) return this.#authenticate(line);
      const block = this.#dispatch(line);
      if (block !== undefined) {
        this.#takeData = block.take;
        return block.length + 2;
      }
    }
    return this.#continue();
  }

  body(buffer: Buffer, start: number, end: number): void {
    const valid = buffer[end - 2] === 0x0d && buffer[end - 1] === 0x0a;
    this.#takeData(valid ? buffer.toString('latin1', start, end - 2) : '', valid);
  }

  #continue(): number {
    if (this.#continuation !== undefined) {
      if (!this.#continuation()) return AGAIN;
      this.#continuation = undefined;
    }
    return NO_BODY;
  }

  #dispatch(line: string): DataBlock | undefined {
    const begin = line.charCodeAt(0) === SPACE ? line.length - line.trimStart().length : 0;
    const space = line.indexOf(' ', begin);
    const command = space === -1 ? line.slice(begin) : line.slice(begin, space);
    switch (command) {
      case 'get':
      case 'gets':
      case 'bget':
        this.#get(line, space, command === 'gets');
        return undefined;
      case 'gat':
      case 'gats':
        this.#getAndTouch(line, space, command === 'gats');
        return undefined;
      default:
        return this.#dispatchWords(command, wordsOf(line), line);
    }
  }

  #dispatchWords(command: string, words: readonly string[], line: string): DataBlock | undefined {
    if (command.length === 2 && command[0] === 'm') return this.#meta.dispatch(command, words, line);
    const { output } = this.#channel;
    switch (command) {
      case 'set':
      case 'add':
      case 'replace':
      case 'append':
      case 'prepend':
      case 'cas':
        return this.#classic.store(command, words, line);
      case 'incr':
      case 'decr':
        this.#classic.count(command === 'incr', words);
        return undefined;
      case 'delete':
        this.#classic.delete(words);
        return undefined;
      case 'touch':
        this.#classic.touch(words);
        return undefined;
      case 'flush_all':
        this.#classic.flush(words);
        return undefined;
      case 'version':
        writeLine(output, `VERSION ${VERSION}`);
        return undefined;
      case 'quit':
        this.#channel.settle();
        this.#channel.end();
        return undefined;
      case 'verbosity':
        this.#verbosity(words);
        return undefined;
      default:
        this.#continuation = this.#admin.dispatch(command, words);
        return undefined;
    }
  }

  #verbosity(words: readonly string[]): void {
    if (words.length !== 2 && words.length !== 3) {
      writeLine(this.#channel.output, 'ERROR');
      return;
    }
    const level = parseUnsigned32(words[1] as string);
    if (level !== undefined) this.#channel.facts.verbosity = Math.min(level, 10);
    if (words.at(-1) !== 'noreply') writeLine(this.#channel.output, level === undefined ? BAD_LINE : 'OK');
  }

  #getAndTouch(line: string, space: number, withCas: boolean): void {
    const [sent] = space === -1 ? [] : wordsOf(line.slice(space, space + 300));
    if (sent === undefined) {
      writeLine(this.#channel.output, 'ERROR');
      return;
    }
    const expiration = parseSigned32(sent);
    if (expiration === undefined) {
      writeLine(this.#channel.output, 'CLIENT_ERROR invalid exptime argument');
      return;
    }
    const { store } = this.#channel.commands;
    this.#fetch(line, line.indexOf(sent, space) + sent.length, withCas, store.expirationOf(expiration));
  }

  #get(line: string, space: number, withCas: boolean): void {
    if (space === -1 || line.trimEnd().length <= space) {
      writeLine(this.#channel.output, 'ERROR');
      return;
    }
    this.#fetch(line, space, withCas, undefined);
  }

  /** Answers for the keys from `at` on, one after the other; in parts, when the client does not read them. */
  #fetch(line: string, at: number, withCas: boolean, expiration: number | undefined): void {
    let from = at;
    this.#continuation = () => {
      for (;;) {
        while (line.charCodeAt(from) === SPACE) from++;
        if (from >= line.length) return this.#endFetch();
        const space = line.indexOf(' ', from);
        const to = space === -1 ? line.length : space;
        if (to - from > LONGEST_KEY) return this.#refuseFetch();
        const key = line.slice(from, to);
        from = to;
        if (this.#fetchOne(key, withCas, expiration)) return false;
      }
    };
  }

  /** Answers for one key; true when the rest has to wait. */
  #fetchOne(key: string, withCas: boolean, expiration: number | undefined): boolean {
    const { commands, output } = this.#channel;
    const item = expiration === undefined ? commands.get(key) : commands.touch(key, expiration);
    if (item === undefined) {
      const text = key === OLD_KEY ? this.#channel.facts.cluster.text : undefined;
      if (text !== undefined) writeHit(output, key, 0, text, undefined);
      return false;
    }
    writeHit(output, key, item.flags, item.value, withCas ? item.cas : undefined);
    return output.position > PART_BYTES && this.#sendPart();
  }

  #endFetch(): boolean {
    writeText(this.#channel.output, 'END\r\n');
    this.#channel.settle();
    return true;
  }

  /** Sends what there is of a long answer; true when the rest has to wait. */
  #sendPart(): boolean {
    this.#channel.flush();
    return this.#channel.blocked;
  }

  /** A key that is too long: memcached drops the hits of this line, and with them all that it has kept back. */
  #refuseFetch(): boolean {
    this.#channel.dropStacked();
    writeLine(this.#channel.output, BAD_LINE);
    return true;
  }

  /** Before authentication the only command is a `set` whose data block is a user name and a password. */
  #authenticate(line: string): number {
    const words = wordsOf(line);
    const length = words[0] === 'set' && words.length >= 5 ? parseUnsigned32(words[4] as string) : undefined;
    if (length === undefined) {
      this.#answerLogin('CLIENT_ERROR unauthenticated');
      return NO_BODY;
    }
    if (length + 2 > LONGEST_CREDENTIALS) {
      this.#channel.abort();
      return NO_BODY;
    }
    this.#takeData = (data, valid) => this.#judge(data, valid);
    return length + 2;
  }

  #judge(data: string, valid: boolean): void {
    if (!valid) {
      this.#answerLogin('CLIENT_ERROR bad command line termination');
      return;
    }
    const credentials = credentialsOf(Buffer.from(data, 'latin1').toString());
    if (credentials === undefined) {
      this.#answerLogin('CLIENT_ERROR bad authentication token format');
      return;
    }
    const { counters } = this.#channel.commands.store;
    counters.auth_cmds++;
    this.#authenticated = this.#channel.authenticate(credentials.username, credentials.password);
    if (this.#authenticated) {
      this.#answerLogin('STORED');
    } else {
      counters.auth_errors++;
      this.#answerLogin('CLIENT_ERROR authentication failure');
    }
  }

  /** In one batch memcached has but one reply for all logins, which the last of them keeps. */
  #answerLogin(text: string): void {
    this.#channel.dropStacked();
    writeLine(this.#channel.output, text);
  }
}
