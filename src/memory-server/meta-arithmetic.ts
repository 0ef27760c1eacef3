import type { Channel } from './channel.ts';
import { Item } from './item.ts';
import { keyToken, type MetaFlags, OPAQUE_TOO_LONG } from './wire/meta.ts';
import { ownWord, writeLine, writeText } from './wire/text.ts';

/** The directions that `M` names. */
const UP: ReadonlyMap<string, boolean> = new Map([
  ['I', true],
  ['+', true],
  ['D', false],
  ['-', false],
]);

/** The `ma` command. */
export class MetaArithmetic {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  run(flags: MetaFlags, line: string): undefined {
    const up = flags.mode === undefined ? true : UP.get(flags.mode);
    if (up === undefined) return this.#line('CLIENT_ERROR invalid mode for ma M token');
    const { commands } = this.#channel;
    const result = commands.delta(flags.key, up, flags.delta, flags.cas ?? 0n);
    switch (result.status) {
      case 'nonNumeric':
        return this.#line('CLIENT_ERROR cannot increment or decrement non-numeric value');
      case 'exists':
        return this.#answer(flags, 'EX');
      case 'ok':
        if (flags.newCas !== undefined && result.item !== undefined) result.item.cas = flags.newCas;
        return this.#answerCounter(flags, result.item as Item, result.value, false);
      default:
        return this.#missed(flags, up, line);
    }
  }

  #missed(flags: MetaFlags, up: boolean, line: string): undefined {
    const { commands } = this.#channel;
    const { store } = commands;
    if (flags.vivify === undefined) {
      commands.deltaMissed(up);
      return this.#answer(flags, 'NF');
    }
    const digits = flags.initial.toString();
    if (store.roomFor(flags.key.length, 0, digits.length) !== 'ok') {
      return this.#line('SERVER_ERROR Out of memory allocating new item');
    }
    const item = new Item(ownWord(flags.key, line), digits, 0, 0);
    store.link(item, undefined, flags.newCas ?? store.nextCas());
    return this.#answerCounter(flags, item, flags.initial, true);
  }

  /** Answers without an item: nothing but opaque and key. */
  #answer(flags: MetaFlags, code: string): undefined {
    let reply = code;
    for (const word of flags.words) {
      if (word[0] === 'O') reply += ` ${word}`;
      else if (word[0] === 'k') reply += keyToken(flags.key, flags.binaryKey);
    }
    this.#line(flags.opaqueTooLong ? OPAQUE_TOO_LONG : reply);
  }

  #answerCounter(flags: MetaFlags, item: Item, value: bigint, created: boolean): undefined {
    const { store } = this.#channel.commands;
    const digits = value.toString();
    let reply = flags.value ? `VA ${digits.length}` : 'HD';
    for (const word of flags.words) {
      switch (word[0]) {
        case 'c':
          reply += ` c${item.cas}`;
          break;
        case 't':
          reply += ` t${item.expiration === 0 ? -1 : (item.expiration - store.now) >>> 0}`;
          break;
        case 'T':
          item.expiration = store.expirationOf(flags.ttl ?? 0);
          break;
        case 'N':
          if (created) item.expiration = store.expirationOf(flags.vivify ?? 0);
          break;
        case 'O':
          if (flags.opaqueTooLong) return this.#line(OPAQUE_TOO_LONG);
          reply += ` ${word}`;
          break;
        case 'k':
          reply += keyToken(flags.key, flags.binaryKey);
          break;
        default:
      }
    }
    if (flags.quiet) return undefined;
    writeText(this.#channel.output, flags.value ? `${reply}\r\n${digits}\r\n` : `${reply}\r\n`);
    return undefined;
  }

  #line(text: string): undefined {
    writeLine(this.#channel.output, text);
  }
}
