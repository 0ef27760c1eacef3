import { MAX_BLOCK_BYTES, MAX_KEY_BYTES } from '../protocol/limits.ts';
import { type Channel, takeCas } from './channel.ts';
import type { StoreMode, StoreStatus } from './commands.ts';
import { BAD_LINE } from './wire/meta.ts';
import { parseSigned32, parseUnsigned32, readInt32, readUint64 } from './wire/numbers.ts';
import { type DataBlock, fromWord, ownWord, writeLine } from './wire/text.ts';

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
    const length = words.length < 5 ? undefined : readInt32(words[4] as string);
    // Without a length memcached does not know what to skip: the value runs as commands.
    if (length === undefined || length < 0 || length > MAX_BLOCK_BYTES) {
      this.#answer(false, BAD_LINE);
      return undefined;
    }
    const quiet = words.at(-1) === 'noreply';
    const key = words[1] as string;
    const flags = parseUnsigned32(fromWord(line, 2));
    const sent = parseSigned32(fromWord(line, 3));
    const cas = mode === 'cas' ? readUint64(words[5] ?? '') : 0n;
    if (key.length > MAX_KEY_BYTES || flags === undefined || sent === undefined || cas === undefined) {
      this.#channel.skip(length + 2);
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
        const newCas = takeCas(this.#channel);
        const result = commands.put({ mode, key: ownKey, value, flags, expiration, cas, newCas });
        this.#answer(quiet, STORED[result.status]);
      },
    };
  }

  count(up: boolean, words: readonly string[]): void {
    if (words.length < 3) {
      this.#answer(false, BAD_LINE);
      return;
    }
    const quiet = words.at(-1) === 'noreply';
    const [, key, amountWord] = words as [string, string, string];
    if (key.length > MAX_KEY_BYTES) {
      this.#answer(quiet, BAD_LINE);
      return;
    }
    const amount = readUint64(amountWord);
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

  /** What follows the key means nothing, but for the last word; so a key `noreply` that ends the line is not answered. */
  delete(words: readonly string[]): void {
    const [, key] = words;
    if (key === undefined) {
      this.#answer(false, BAD_LINE);
      return;
    }
    const quiet = words.at(-1) === 'noreply';
    if (key.length > MAX_KEY_BYTES) {
      this.#answer(quiet, BAD_LINE);
      return;
    }
    const deleted = this.#channel.commands.delete(key, 0n) === 'deleted';
    this.#answer(quiet, deleted ? 'DELETED' : 'NOT_FOUND');
  }

  touch(words: readonly string[]): void {
    if (words.length < 3) {
      this.#answer(false, BAD_LINE);
      return;
    }
    const quiet = words.at(-1) === 'noreply';
    const [, key, expirationWord] = words as [string, string, string];
    if (key.length > MAX_KEY_BYTES) {
      this.#answer(quiet, BAD_LINE);
      return;
    }
    const sent = readInt32(expirationWord);
    if (sent === undefined) {
      this.#answer(quiet, 'CLIENT_ERROR invalid exptime argument');
      return;
    }
    const { commands } = this.#channel;
    const item = commands.touch(key, commands.store.expirationOf(sent));
    this.#answer(quiet, item === undefined ? 'NOT_FOUND' : 'TOUCHED');
  }

  #answer(quiet: boolean, text: string): void {
    if (!quiet) writeLine(this.#channel.output, text);
  }
}
