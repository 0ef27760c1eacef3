import type { Channel } from './channel.ts';
import type { Item } from './item.ts';
import { classOf } from './slabs.ts';
import {
  connectionStats,
  dumpLine,
  fetchLine,
  generalStats,
  itemStats,
  type Statistic,
  settingsStats,
  slabStats,
} from './stats.ts';
import { BAD_LINE } from './wire/meta.ts';
import { parseUnsigned32, readInt32, readUint32 } from './wire/numbers.ts';
import { type Continuation, writeLine, writeText } from './wire/text.ts';

/** Slab classes that memcached knows numbers for. */
const MOST_CLASSES = 64;

const MEGABYTE = 1024 * 1024;

/** `stats cachedump` never answers with more than this. */
const MAX_CACHEDUMP = 2 * MEGABYTE;

/** A dump is sent in parts of about this size. */
const PART_BYTES = 64 * 1024;

/** The classic commands that look after the server itself, and the response to unknown ones. */
export class AdminCommands {
  readonly #channel: Channel;
  /** Whether the present command is answered with nothing. */
  #quiet = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /**
   * Answers the command; where that takes long, it returns how to go on. A last word `noreply` silences
   * whatever a command would answer, the one that does not exist too; but not `stats`.
   */
  dispatch(words: readonly string[]): Continuation | undefined {
    this.#quiet = words.at(-1) === 'noreply' && words[0] !== 'stats';
    switch (words[0]) {
      case 'stats':
        return this.#stats(words);
      case 'lru_crawler':
        return this.#crawler(words);
      case 'cache_memlimit':
        return this.#memoryLimit(words);
      case 'flush_all':
        return this.#flush(words);
      case 'verbosity':
        return this.#verbosity(words);
      case 'config':
        return this.#configuration(words);
      case 'shutdown':
        return this.#line('SERVER_ERROR: shutdown not enabled');
      default:
        // Somebody took the port for a web server's.
        if (words.length > 1 && words.at(-1)?.startsWith('HTTP/')) this.#channel.end();
        else this.#line('ERROR');
        return undefined;
    }
  }

  #line(text: string): undefined {
    if (!this.#quiet) writeLine(this.#channel.output, text);
  }

  #flush(words: readonly string[]): undefined {
    const { store } = this.#channel.commands;
    const delay = words.length === (this.#quiet ? 2 : 1) ? 0 : readInt32(words[1] as string);
    if (delay === undefined) {
      store.counters.cmd_flush++;
      return this.#line('CLIENT_ERROR invalid exptime argument');
    }
    store.flush(delay);
    return this.#line('OK');
  }

  #verbosity(words: readonly string[]): undefined {
    const level = words[1] === undefined ? undefined : readUint32(words[1]);
    if (level === undefined) return this.#line(BAD_LINE);
    this.#channel.facts.verbosity = Math.min(level, 10);
    return this.#line('OK');
  }

  /** What ElastiCache's engines have beyond memcached. */
  #configuration([, action, name]: readonly string[]): undefined {
    const { text } = this.#channel.facts.cluster;
    if (text === undefined || action !== 'get' || name !== 'cluster') return this.#line('ERROR');
    writeText(this.#channel.output, `CONFIG cluster 0 ${text.length}\r\n${text}\r\nEND\r\n`);
  }

  #stats(words: readonly string[]): undefined {
    const { commands, facts } = this.#channel;
    const { store } = commands;
    const [, group] = words;
    switch (group === undefined ? '' : statisticsOf(group)) {
      case '':
        return this.#report(generalStats(store, facts));
      case 'settings':
        return this.#report(settingsStats(store, facts));
      case 'items':
        return this.#report(itemStats(store));
      case 'slabs':
        return this.#report(slabStats(store));
      case 'conns':
        return this.#report(connectionStats(facts));
      case 'sizes':
        return this.#report([['sizes_status', 'disabled']]);
      case 'reset':
        store.counters.reset();
        return this.#line('RESET');
      case 'detail':
        return this.#detail(words[2]);
      case 'cachedump':
        return this.#cacheDump(words);
      default:
        return this.#line('ERROR');
    }
  }

  #report(statistics: readonly Statistic[]): undefined {
    const { output } = this.#channel;
    for (const [name, value] of statistics) writeText(output, `STAT ${name} ${value}\r\n`);
    writeText(output, 'END\r\n');
  }

  #detail(argument: string | undefined): undefined {
    switch (argument === undefined ? undefined : abbreviated(argument, ['on', 'off', 'dump'])) {
      case 'on':
        this.#channel.facts.detail = true;
        return this.#line('OK');
      case 'off':
        this.#channel.facts.detail = false;
        return this.#line('OK');
      case 'dump':
        return this.#line('END');
      default:
        return this.#line('CLIENT_ERROR usage: stats detail on|off|dump');
    }
  }

  #cacheDump(words: readonly string[]): undefined {
    const [, , classWord, limitWord] = words;
    if (classWord === undefined || limitWord === undefined) return this.#line('CLIENT_ERROR bad command line');
    const wanted = readUint32(classWord);
    const limit = readUint32(limitWord);
    if (wanted === undefined || limit === undefined) return this.#line(BAD_LINE);
    if (wanted >= MOST_CLASSES) return this.#line('CLIENT_ERROR Illegal slab id');
    const { store } = this.#channel.commands;
    let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    let text = '';
    for (const item of store.items()) {
      if (left === 0 || text.length > MAX_CACHEDUMP) break;
      if (classOf(item.size, store.maxItemSize) !== wanted) continue;
      const expires = item.expiration === 0 ? 0 : store.unixTime(item.expiration);
      text += `ITEM ${item.key} [${item.value.length} b; ${expires} s]\r\n`;
      left--;
    }
    writeText(this.#channel.output, `${text}END\r\n`);
  }

  #memoryLimit(words: readonly string[]): undefined {
    const megabytes = words[1] === undefined ? undefined : readUint32(words[1]);
    if (megabytes === undefined) return this.#line('ERROR');
    if (megabytes < 8) return this.#line('MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m');
    if (megabytes > 1_000_000_000) return this.#line('MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes');
    const { store } = this.#channel.commands;
    store.memoryLimit = megabytes * MEGABYTE;
    store.shrink();
    return this.#line('OK');
  }

  #crawler(words: readonly string[]): Continuation | undefined {
    const [, word = '', argument = ''] = words;
    if (words.length === 2) return this.#switchCrawler(abbreviated(word, ['enable', 'disable']));
    if (words.length !== 3) return this.#line('ERROR');
    switch (abbreviated(word, ['crawl', 'metadump', 'mgdump', 'tocrawl', 'sleep'])) {
      case 'crawl':
        return this.#crawl(argument);
      case 'metadump':
        return this.#dump('metadump', argument);
      case 'mgdump':
        return this.#dump('mgdump', argument);
      case 'tocrawl':
        return this.#line(readUint32(argument) === undefined ? BAD_LINE : 'OK');
      case 'sleep':
        return this.#line(sleepAnswer(readUint32(argument)));
      default:
        return this.#line('ERROR');
    }
  }

  #switchCrawler(action: string | undefined): undefined {
    const { facts } = this.#channel;
    if (action === 'enable') {
      this.#line(facts.crawler ? 'ERROR failed to start lru crawler thread' : 'OK');
      facts.crawler = true;
    } else if (action === 'disable') {
      this.#line(facts.crawler ? 'OK' : 'ERROR failed to stop lru crawler thread');
      facts.crawler = false;
    } else {
      this.#line('ERROR');
    }
  }

  #crawl(classes: string): undefined {
    const { facts, commands } = this.#channel;
    if (!facts.crawler) return this.#line('CLIENT_ERROR lru crawler disabled');
    if (!isClassList(classes)) return this.#line('BADCLASS invalid class id');
    // The hash table can only be dumped.
    if (classes === 'hash') return this.#line('ERROR an unknown error happened');
    commands.store.sweep();
    return this.#line('OK');
  }

  /** Tells all items: what is known of them, or as `mg` commands that ask for them. */
  #dump(kind: 'metadump' | 'mgdump', classes: string): Continuation | undefined {
    const channel = this.#channel;
    const { store } = channel.commands;
    if (!channel.facts.crawler) return this.#line('CLIENT_ERROR lru crawler disabled');
    if (channel.stacked) return this.#line(`ERROR cannot pipeline other commands before ${kind}`);
    if (!isClassList(classes)) return this.#line('BADCLASS invalid class id');
    writeText(channel.output, 'OK\r\n');
    const items = store.items();
    const wanted = classes === 'all' || classes === 'hash' ? undefined : new Set(classes.split(',').map(Number));
    return () => {
      for (;;) {
        const next: IteratorResult<Item> = items.next();
        if (next.done === true) break;
        if (wanted?.has(classOf(next.value.size, store.maxItemSize)) === false) continue;
        writeText(channel.output, kind === 'metadump' ? dumpLine(store, next.value) : fetchLine(next.value));
        if (channel.output.position > PART_BYTES) {
          channel.flush();
          if (channel.blocked) return false;
        }
      }
      writeText(channel.output, kind === 'metadump' ? 'END\r\n' : 'EN\r\n');
      channel.settle();
      return true;
    };
  }
}

function sleepAnswer(microseconds: number | undefined): string {
  if (microseconds === undefined) return BAD_LINE;
  return microseconds > 1_000_000 ? 'CLIENT_ERROR sleep must be one second or less' : 'OK';
}

/** The first of these names that a word is the beginning of; memcached compares no more than the word. */
function abbreviated(word: string, names: readonly string[]): string | undefined {
  return names.find((name) => name.startsWith(word));
}

function statisticsOf(group: string): string | undefined {
  if (['items', 'slabs', 'sizes'].includes(group)) return group;
  return abbreviated(group, ['reset', 'detail', 'settings', 'cachedump', 'conns']);
}

/** Whether the crawler would take this for the classes to look at: all, or their numbers with commas between. */
function isClassList(text: string): boolean {
  if (text === 'all' || text === 'hash') return true;
  return text.split(',').every((word) => {
    const number = parseUnsigned32(word);
    return number !== undefined && number >= 1 && number < MOST_CLASSES;
  });
}
