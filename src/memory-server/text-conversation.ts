import { MAX_KEY_BYTES } from '../protocol/limits.ts';
import { AdminCommands } from './admin-commands.ts';
import { AsciiLogin } from './ascii-login.ts';
import type { Channel } from './channel.ts';
import { ClassicCommands } from './classic-commands.ts';
import { OLD_KEY } from './cluster.ts';
import { MetaCommands } from './meta-commands.ts';
import { VERSION } from './stats.ts';
import { BAD_LINE } from './wire/meta.ts';
import { readInt32 } from './wire/numbers.ts';
import { AGAIN, type Conversation, NEVER, NO_BODY } from './wire/request-reader.ts';
import {
  type Continuation,
  type DataBlock,
  ENDLESS,
  lineLength,
  lineText,
  SHORTEST_LINE,
  type TakeData,
  wordsOf,
  writeHit,
  writeLine,
  writeText,
} from './wire/text.ts';

const SPACE = 0x20;

/** Replies to one line are sent in parts of about this size, so that a long `get` does not fill the memory. */
const PART_BYTES = 64 * 1024;

const META: ReadonlySet<string> = new Set(['mg', 'ms', 'md', 'ma', 'mn', 'me']);

/** A connection that speaks text: the classic and the meta commands, mixed as one likes. */
export class TextConversation implements Conversation {
  readonly channel: Channel;
  readonly #classic: ClassicCommands;
  readonly #meta: MetaCommands;
  readonly #admin: AdminCommands;
  readonly #login: AsciiLogin;
  #takeData: TakeData = () => {};
  #continuation: Continuation | undefined;

  constructor(channel: Channel, authentication: boolean) {
    this.channel = channel;
    this.#login = new AsciiLogin(channel, authentication);
    this.#classic = new ClassicCommands(channel);
    this.#meta = new MetaCommands(channel);
    this.#admin = new AdminCommands(channel);
  }

  headLength(buffer: Buffer, start: number, from: number, end: number): number {
    const length = this.#login.done ? lineLength(buffer, start, from, end) : this.#login.headLength(buffer, start, end);
    if (length !== ENDLESS) return length;
    this.channel.end();
    return NEVER;
  }

  head(buffer: Buffer, start: number, end: number): number {
    if (this.#continuation === undefined) {
      if (!this.#login.done) {
        this.#takeData = (data, valid) => this.#login.take(data, valid);
        return this.#login.head(buffer, start, end);
      }
      const block = end - start < SHORTEST_LINE ? this.#refuse() : this.#dispatch(lineText(buffer, start, end));
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

  #refuse(): undefined {
    writeLine(this.channel.output, BAD_LINE);
  }

  #dispatch(line: string): DataBlock | undefined {
    const space = line.indexOf(' ');
    const command = space === -1 ? line : line.slice(0, space);
    switch (command) {
      case 'get':
      case 'gets':
        this.#get(line, space, command === 'gets');
        return undefined;
      case 'gat':
      case 'gats':
        this.#getAndTouch(line, command === 'gats');
        return undefined;
      default:
        return this.#dispatchWords(command, wordsOf(line), line);
    }
  }

  #dispatchWords(command: string, words: readonly string[], line: string): DataBlock | undefined {
    if (META.has(command)) return this.#meta.dispatch(command, words, line);
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
      case 'version':
        writeLine(this.channel.output, `VERSION ${VERSION}`);
        return undefined;
      case 'quit':
        this.channel.settle();
        this.channel.end();
        return undefined;
      default:
        this.#continuation = this.#admin.dispatch(words);
        return undefined;
    }
  }

  #getAndTouch(line: string, withCas: boolean): void {
    const [, sent, key] = wordsOf(line);
    if (sent === undefined || key === undefined) {
      this.#refuse();
      return;
    }
    const expiration = readInt32(sent);
    if (expiration === undefined) {
      writeLine(this.channel.output, 'CLIENT_ERROR invalid exptime argument');
      return;
    }
    const { store } = this.channel.commands;
    const keys = line.indexOf(sent, line.indexOf(' ')) + sent.length;
    this.#fetch(line, keys, withCas, store.expirationOf(expiration));
  }

  #get(line: string, space: number, withCas: boolean): void {
    if (space === -1 || skipSpaces(line, space) === line.length) this.#refuse();
    else this.#fetch(line, space, withCas, undefined);
  }

  /** Answers for the keys from `at` on, one after the other; in parts, when the client does not read them. */
  #fetch(line: string, at: number, withCas: boolean, expiration: number | undefined): void {
    const channel = this.channel;
    /** Where the response begins; undefined once a part of it has gone out. */
    let begin: number | undefined = channel.output.position;
    let from = skipSpaces(line, at);
    this.#continuation = () => {
      while (from < line.length) {
        const to = endOfWord(line, from);
        if (to - from > MAX_KEY_BYTES) return this.#refuseFetch(begin);
        this.#fetchOne(line.slice(from, to), withCas, expiration);
        from = skipSpaces(line, to);
        if (channel.output.position <= PART_BYTES) continue;
        begin = undefined;
        channel.flush();
        if (channel.blocked) return false;
      }
      writeText(channel.output, 'END\r\n');
      return true;
    };
  }

  /** A key that is too long: the hits before it are not sent, and memcached ends its line twice. */
  #refuseFetch(begin: number | undefined): boolean {
    const { output } = this.channel;
    if (begin !== undefined) output.position = begin;
    writeLine(output, `${BAD_LINE}\r\n`);
    return true;
  }

  #fetchOne(key: string, withCas: boolean, expiration: number | undefined): void {
    const { commands, output } = this.channel;
    const item = expiration === undefined ? commands.get(key) : commands.touch(key, expiration);
    if (item === undefined) {
      const text = key === OLD_KEY ? this.channel.facts.cluster.text : undefined;
      if (text !== undefined) writeHit(output, key, 0, text, undefined);
      return;
    }
    writeHit(output, key, item.flags, item.value, withCas ? item.cas : undefined);
    this.channel.refer(item);
  }
}

function skipSpaces(line: string, at: number): number {
  let from = at;
  while (line.charCodeAt(from) === SPACE) from++;
  return from;
}

function endOfWord(line: string, from: number): number {
  const space = line.indexOf(' ', from);
  return space === -1 ? line.length : space;
}
