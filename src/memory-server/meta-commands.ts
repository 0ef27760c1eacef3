import { MAX_BLOCK_BYTES, MAX_KEY_BYTES } from '../protocol/limits.ts';
import { type Channel, takeCas } from './channel.ts';
import type { StoreMode, StoreStatus } from './commands.ts';
import { Item, Mark } from './item.ts';
import { MetaArithmetic } from './meta-arithmetic.ts';
import { classOf } from './slabs.ts';
import {
  BAD_LINE,
  decodeKey,
  echoed,
  encodeKey,
  keyToken,
  lookLikeFlags,
  type MetaFlags,
  OPAQUE_TOO_LONG,
  readFlags,
} from './wire/meta.ts';
import { readInt32 } from './wire/numbers.ts';
import { type DataBlock, ownWord, writeBlock, writeLine } from './wire/text.ts';

/** Flags of `mg` that look at an item, or change it, before the fetch counts. */
const COUNTED_LATE: ReadonlySet<string> = new Set(['N', 'T', 'R', 'l', 'h']);

const CODES: Readonly<Record<StoreStatus, string>> = { stored: 'HD', exists: 'EX', notFound: 'NF', notStored: 'NS' };

const MODES: ReadonlyMap<string, StoreMode> = new Map([
  ['S', 'set'],
  ['E', 'add'],
  ['A', 'append'],
  ['P', 'prepend'],
  ['R', 'replace'],
]);

/** The meta commands. Flags act, and are answered, in the order in which they stand. */
export class MetaCommands {
  readonly #channel: Channel;
  readonly #arithmetic: MetaArithmetic;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#arithmetic = new MetaArithmetic(channel);
  }

  dispatch(command: string, words: readonly string[], line: string): DataBlock | undefined {
    switch (command) {
      case 'mg':
        this.#run(words, (flags) => this.#get(flags, line));
        return undefined;
      case 'ms':
        return this.#set(words, line);
      case 'md':
        this.#run(words, (flags) => this.#delete(flags, line));
        return undefined;
      case 'ma':
        this.#run(words, (flags) => this.#arithmetic.run(flags, line), 'CLIENT_ERROR invalid or duplicate flag');
        return undefined;
      case 'mn':
        this.#line('MN');
        this.#channel.settle();
        return undefined;
      default:
        this.#debug(words);
        return undefined;
    }
  }

  #line(text: string): undefined {
    writeLine(this.#channel.output, text);
  }

  /** Reads the line of a command without a data block and carries it out; `refusal` is the response to faulty flags. */
  #run(words: readonly string[], command: (flags: MetaFlags) => void, refusal?: string): undefined {
    if (words.length < 2 || !lookLikeFlags(words, 2)) return this.#line(BAD_LINE);
    const flags = readFlags(words, 2);
    if (typeof flags !== 'string') command(flags);
    else this.#line(refusal ?? flags);
    return undefined;
  }

  #get(flags: MetaFlags, line: string): undefined {
    const { commands, output } = this.#channel;
    const { store } = commands;
    let item = store.find(flags.key);
    const created = item === undefined && flags.vivify !== undefined;
    if (created) item = this.#vivify(flags, line);
    if (item === undefined) return this.#miss(flags);
    const reply = this.#answerFlags(item, flags, created);
    if (reply === undefined) {
      // Only where a flag has to know of earlier fetches does memcached count this one at the very end.
      if (!flags.noBump && !flags.words.some((word) => COUNTED_LATE.has(word[0] as string))) store.bump(item);
      return this.#line(OPAQUE_TOO_LONG);
    }
    // A client that says which CAS it has gets the value only if the item has another.
    if (flags.value && flags.cas !== item.cas) writeBlock(output, `VA ${item.value.length}${reply}\r\n`, item.value);
    else this.#line(`HD${reply}`);
    this.#channel.refer(item);
    if (!flags.noBump) store.bump(item);
    if (flags.ttl === undefined) {
      store.counters.cmd_get++;
      store.counters.get_hits++;
    } else {
      store.counters.cmd_touch++;
      store.counters.touch_hits++;
    }
    return undefined;
  }

  #vivify(flags: MetaFlags, line: string): Item | undefined {
    const { store } = this.#channel.commands;
    if (store.roomFor(flags.key.length, 0, 0) !== 'ok') return undefined;
    const item = new Item(ownWord(flags.key, line), '', 0, 0);
    store.link(item, undefined, flags.newCas ?? store.nextCas());
    return item;
  }

  #miss(flags: MetaFlags): undefined {
    const { counters } = this.#channel.commands.store;
    counters.cmd_get++;
    counters.get_misses++;
    if (flags.opaqueTooLong) this.#line(OPAQUE_TOO_LONG);
    else if (!flags.quiet) this.#line(`EN${echoed(flags)}`);
  }

  /** Lets the flags act on an item, and gathers what they bring back; undefined when an opaque is too long. */
  #answerFlags(item: Item, flags: MetaFlags, created: boolean): string | undefined {
    const { store } = this.#channel.commands;
    let reply = '';
    let won = false;
    for (const word of flags.words) {
      switch (word[0]) {
        case 'T':
          item.expiration = store.expirationOf(flags.ttl ?? 0);
          break;
        case 'N':
          if (created) {
            item.expiration = store.expirationOf(flags.vivify ?? 0);
            won = true;
          }
          break;
        case 'R':
          won ||= this.#recaches(item, flags.recache ?? 0, created);
          break;
        case 'O':
          if (flags.opaqueTooLong) return undefined;
          reply += ` ${word}`;
          break;
        default:
          reply += this.#answerFlag(item, word[0] as string);
      }
    }
    return reply + this.#answerState(item, won);
  }

  #recaches(item: Item, seconds: number, created: boolean): boolean {
    if ((item.marks & Mark.TokenSent) !== 0 || created || item.expiration === 0) return false;
    return item.expiration < this.#channel.commands.store.expirationOf(seconds);
  }

  #answerFlag(item: Item, flag: string): string {
    const { now } = this.#channel.commands.store;
    switch (flag) {
      case 's':
        return ` s${item.value.length}`;
      case 't':
        return ` t${item.expiration === 0 ? -1 : (item.expiration - now) >>> 0}`;
      case 'c':
        return ` c${item.cas}`;
      case 'f':
        return ` f${item.flags}`;
      case 'l':
        return ` l${now - item.time}`;
      case 'h':
        return (item.marks & Mark.Fetched) === 0 ? ' h0' : ' h1';
      case 'k':
        return keyToken(item.key, (item.marks & Mark.BinaryKey) !== 0);
      default:
        return '';
    }
  }

  /** Says whether the item is stale, and whose task it is to recache it. */
  #answerState(item: Item, wonAlready: boolean): string {
    let reply = '';
    let won = wonAlready;
    const sent = (item.marks & Mark.TokenSent) !== 0;
    if (sent) reply += ' Z';
    if ((item.marks & Mark.Stale) !== 0) {
      reply += ' X';
      if (!sent) won = true;
    }
    if (won) {
      reply += ' W';
      item.marks |= Mark.TokenSent;
    }
    return reply;
  }

  #set(words: readonly string[], line: string): DataBlock | undefined {
    const refuse = (text: string): undefined => this.#line(text) as undefined;
    const length = words.length < 3 || !lookLikeFlags(words, 3) ? undefined : readInt32(words[2] as string);
    // Without a length memcached does not know what to skip: the value runs as commands.
    if (length === undefined || length < 0 || length > MAX_BLOCK_BYTES) return refuse(BAD_LINE);
    const flags = readFlags(words, 3);
    const mode = typeof flags === 'string' ? undefined : storeMode(flags);
    if (typeof flags === 'string' || mode === undefined) {
      this.#channel.skip(length + 2);
      return refuse(typeof flags === 'string' ? flags : 'CLIENT_ERROR invalid mode for ms M token');
    }
    const { commands } = this.#channel;
    const room = commands.store.roomFor(flags.key.length, flags.clientFlags, length);
    if (room !== 'ok') {
      commands.refuse(flags.key);
      this.#channel.skip(length + 2);
      if (room === 'tooLarge') commands.store.counters.store_too_large++;
      else commands.store.counters.store_no_memory++;
      return refuse(
        `SERVER_ERROR ${room === 'tooLarge' ? 'object too large for cache' : 'out of memory storing object'}`,
      );
    }
    this.#channel.spareCas = flags.newCas ?? commands.store.nextCas();
    if (flags.opaqueTooLong) {
      this.#channel.skip(length + 2);
      return refuse(OPAQUE_TOO_LONG);
    }
    return { length, take: (value, valid) => this.#take(flags, mode, ownWord(flags.key, line), value, valid) };
  }

  #take(flags: MetaFlags, mode: StoreMode, key: string, value: string, valid: boolean): undefined {
    if (!valid) return this.#line('CLIENT_ERROR bad data chunk');
    const { commands } = this.#channel;
    const creates = mode === 'appendOrCreate' || mode === 'prependOrCreate';
    const result = commands.put({
      mode,
      key,
      value,
      flags: flags.clientFlags,
      expiration: commands.store.expirationOf((creates ? flags.vivify : flags.ttl) ?? 0),
      cas: flags.cas ?? 0n,
      newCas: takeCas(this.#channel),
      allowStale: flags.invalidate,
      binaryKey: flags.binaryKey,
    });
    if (flags.quiet && result.status === 'stored') return undefined;
    let reply = CODES[result.status];
    for (const word of flags.words) {
      if (word[0] === 'O') reply += ` ${word}`;
      else if (word[0] === 'k') reply += keyToken(key, flags.binaryKey);
      else if (word[0] === 'c') reply += ` c${result.cas}`;
      else if (word[0] === 's') reply += ` s${result.length}`;
    }
    return this.#line(reply);
  }

  #delete(flags: MetaFlags, line: string): undefined {
    const { store } = this.#channel.commands;
    if (flags.opaqueTooLong) return this.#line(OPAQUE_TOO_LONG);
    const item = store.find(flags.key);
    if (item === undefined || (flags.cas !== undefined && flags.cas !== item.cas)) {
      store.counters.delete_misses++;
      return this.#line(`${item === undefined ? 'NF' : 'EX'}${echoed(flags)}`);
    }
    if (!flags.invalidate) store.counters.delete_hits++;
    if (flags.removeValue || flags.invalidate) this.#invalidate(item, flags, line);
    else store.remove(item);
    if (!flags.quiet) this.#line(`HD${echoed(flags)}`);
    return undefined;
  }

  /** Marks an item as stale (`I`), leaves an empty one in its place (`x`), or both. */
  #invalidate(item: Item, flags: MetaFlags, line: string): undefined {
    const { store } = this.#channel.commands;
    let target = item;
    if (flags.removeValue) {
      target = new Item(ownWord(flags.key, line), '', flags.clientFlags, store.expirationOf(flags.ttl ?? 0));
      store.link(target, item, flags.newCas ?? item.cas);
    }
    if (flags.invalidate) {
      if (flags.ttl !== undefined) target.expiration = store.expirationOf(flags.ttl);
      target.marks = (target.marks | Mark.Stale) & ~Mark.TokenSent;
      target.cas = flags.newCas ?? store.nextCas();
    }
  }

  #debug(words: readonly string[]): undefined {
    const [, given, flag] = words;
    if (given === undefined || given.length > MAX_KEY_BYTES || !lookLikeFlags(words, 2)) return this.#line(BAD_LINE);
    // memcached follows a `b` only where one more word follows.
    const key = flag === 'b' && words.length > 3 ? decodeKey(given) : given;
    if (key === undefined) return this.#line(BAD_LINE);
    const { store } = this.#channel.commands;
    store.counters.cmd_meta++;
    const item = store.find(key);
    if (item === undefined) return this.#line('EN');
    const name = (item.marks & Mark.BinaryKey) === 0 ? item.key : encodeKey(item.key);
    const expires = item.expiration === 0 ? -1 : item.expiration - store.now;
    const fetched = (item.marks & Mark.Fetched) === 0 ? 'no' : 'yes';
    const slabClass = classOf(item.size, store.maxItemSize);
    const size = `cls=${slabClass} size=${item.size}`;
    return this.#line(`ME ${name} exp=${expires} la=${store.now - item.time} cas=${item.cas} fetch=${fetched} ${size}`);
  }
}

/** The way to store that the flags ask for; undefined for a letter that means none. */
function storeMode(flags: MetaFlags): StoreMode | undefined {
  const mode = flags.mode === undefined ? 'set' : MODES.get(flags.mode);
  if (flags.cas !== undefined && (mode === 'set' || mode === 'replace')) return 'cas';
  if (flags.vivify === undefined) return mode;
  if (mode === 'append') return 'appendOrCreate';
  return mode === 'prepend' ? 'prependOrCreate' : mode;
}
