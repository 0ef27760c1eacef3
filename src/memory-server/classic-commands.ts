import { parseSigned32, parseUnsigned32, parseUnsigned64 } from '../protocol/classic/numbers.ts';
import { ownWord, writeLine } from '../protocol/classic/server-side.ts';
import { BAD_LINE } from '../protocol/meta/server-side.ts';
import type { Channel } from './channel.ts';
import type { StoreMode, StoreStatus } from './commands.ts';
import type { DataBlock } from './text-conversation.ts';

const LONGEST_KEY = 250;

/** The longest data block that memcached's arithmetic allows, far beyond any item. */
const LONGEST_BLOCK = 0x7fff_ffff - 2;

const STORED: Readonly<Record<StoreStatus, string>> = {
  stored: 'STORED',
  exists: 'EXISTS',
  notFound: 'NOT_FOUND',
  notStored: 'NOT_STORED',
};

/** The classic commands that change something. A last word `noreply` silences whatever they would answer. */
export class ClassicCommands {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  store(mode: StoreMode, words: readonly string[], line: string): DataBlock | undefined {
    const fewest = mode === 'cas' ? 6 : 5;
    if (words.length !== fewest && words.length !== fewest + 1) {
      this.#answer(false, 'ERROR');
      return undefined;
    }
    const quiet = words.at(-1) === 'noreply';
    const [, key, flagsWord, expirationWord, lengthWord] = words as [string, string, string, string, string];
    const flags = parseUnsigned32(flagsWord);
    const sent = parseSigned32(expirationWord);
    const length = parseSigned32(lengthWord);
    const cas = mode === 'cas' ? parseUnsigned64(words[5] as string) : 0n;
    const understood = flags !== undefined && sent !== undefined && length !== undefined && cas !== undefined;
    if (key.length > LONGEST_KEY || !understood || length < 0 || length > LONGEST_BLOCK) {
      this.#answer(quiet, BAD_LINE);
      return undefined;
    }
    const { commands } = this.#channel;
    const room = commands.store.roomFor(key.length, flags, length);
    if (room !== 'ok') {
      const reason = room === 'tooLarge' ? 'object too large for cache' : 'out of memory storing object';
      if (room === 'tooLarge') commands.store.counters.store_too_large++;
      else commands.store.counters.store_no_memory++;
      this.#answer(quiet, `SERVER_ERROR ${reason}`);
      if (mode === 'set') commands.refuse(key);
      this.#channel.skip(length + 2);
      return undefined;
    }
    const expiration = commands.store.expirationOf(sent);
    const ownKey = ownWord(key, line);
    return {
      length,
      take: (value, valid) => {
        if (!valid) {
          this.#answer(quiet, 'CLIENT_ERROR bad data chunk');
          return;
        }
        const result = commands.put({ mode, key: ownKey, value, flags, expiration, cas });
        this.#answer(quiet, STORED[result.status]);
      },
    };
  }

  count(up: boolean, words: readonly string[]): void {
    if (words.length !== 3 && words.length !== 4) {
      this.#answer(false, 'ERROR');
      return;
    }
    const quiet = words.at(-1) === 'noreply';
    const [, key, amountWord] = words as [string, string, string];
    if (key.length > LONGEST_KEY) {
      this.#answer(quiet, BAD_LINE);
      return;
    }
    const amount = parseUnsigned64(amountWord);
    if (amount === undefined) {
      this.#answer(quiet, 'CLIENT_ERROR invalid numeric delta argument');
      return;
    }
    const { commands } = this.#channel;
    const result = commands.delta(key, up, amount, 0n);
    if (result.status === 'ok') {
      this.#answer(quiet, result.value.toString());
    } else if (result.status === 'nonNumeric') {
      this.#answer(quiet, 'CLIENT_ERROR cannot increment or decrement non-numeric value');
    } else {
      commands.deltaMissed(up);
      this.#answer(quiet, 'NOT_FOUND');
    }
  }

  delete(words: readonly string[]): void {
    if (words.length < 2 || words.length > 4) {
      this.#answer(false, 'ERROR');
      return;
    }
    const quiet = words.length > 2 && words.at(-1) === 'noreply';
    // An ancient delay, of which 0 is still accepted.
    const delayed = words[2] === '0';
    const valid = words.length === 2 || (words.length === 3 && (delayed || quiet)) || (delayed && quiet);
    const key = words[1] as string;
    if (!valid) {
      this.#answer(quiet, `${BAD_LINE}.  Usage: delete <key> [noreply]`);
    } else if (key.length > LONGEST_KEY) {
      this.#answer(quiet, BAD_LINE);
    } else {
      const deleted = this.#channel.commands.delete(key, 0n) === 'deleted';
      this.#answer(quiet, deleted ? 'DELETED' : 'NOT_FOUND');
    }
  }

  touch(words: readonly string[]): void {
    if (words.length !== 3 && words.length !== 4) {
      this.#answer(false, 'ERROR');
      return;
    }
    const quiet = words.at(-1) === 'noreply';
    const [, key, expirationWord] = words as [string, string, string];
    if (key.length > LONGEST_KEY) {
      this.#answer(quiet, BAD_LINE);
      return;
    }
    const sent = parseSigned32(expirationWord);
    if (sent === undefined) {
      this.#answer(quiet, 'CLIENT_ERROR invalid exptime argument');
      return;
    }
    const { commands } = this.#channel;
    const item = commands.touch(key, commands.store.expirationOf(sent));
    this.#answer(quiet, item === undefined ? 'NOT_FOUND' : 'TOUCHED');
  }

  flush(words: readonly string[]): void {
    if (words.length > 3) {
      this.#answer(false, 'ERROR');
      return;
    }
    const quiet = words.at(-1) === 'noreply';
    let delay: number | undefined = 0;
    if (words.length !== (quiet ? 2 : 1)) delay = parseSigned32(words[1] as string);
    if (delay === undefined) {
      this.#channel.commands.store.counters.cmd_flush++;
      this.#answer(quiet, 'CLIENT_ERROR invalid exptime argument');
      return;
    }
    this.#channel.commands.store.flush(delay);
    this.#answer(quiet, 'OK');
  }

  #answer(quiet: boolean, text: string): void {
    if (!quiet) writeLine(this.#channel.output, text);
  }
}
