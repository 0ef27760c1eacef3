import { parseUnsigned32 } from '../protocol/classic/numbers.ts';
import { writeLine, writeText } from '../protocol/classic/server-side.ts';
import { BAD_LINE } from '../protocol/meta/server-side.ts';
import type { Channel } from './channel.ts';
import type { Item } from './item.ts';
import { classOf } from './slabs.ts';
import {
  connectionStats,
  dumpLine,
  generalStats,
  itemStats,
  type Statistic,
  settingsStats,
  slabStats,
} from './stats.ts';
import type { Continuation } from './text-conversation.ts';

/** Slab classes that memcached knows numbers for. */
const MOST_CLASSES = 64;

const MEGABYTE = 1024 * 1024;

/** `stats cachedump` never answers with more than this. */
const LONGEST_CACHEDUMP = 2 * MEGABYTE;

/** A dump is sent in parts of about this size. */
const PART_BYTES = 64 * 1024;

/** The classic commands that look after the server itself, and the answer to unknown ones. */
export class AdminCommands {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Answers the command; where that takes long, the answer is how to go on with it. */
  dispatch(command: string, words: readonly string[]): Continuation | undefined {
    switch (command) {
      case 'stats':
        this.#stats(words);
        return undefined;
      case 'lru_crawler':
        return this.#crawler(words);
      case 'cache_memlimit':
        this.#memoryLimit(words);
        return undefined;
      case 'config':
        this.#configuration(words);
        return undefined;
      case 'shutdown':
        this.#line('ERROR: shutdown not enabled');
        return undefined;
      default:
        // Somebody took the port for a web server's.
        if (words.at(-1)?.startsWith('HTTP/')) this.#channel.abort();
        else this.#line('ERROR');
        return undefined;
    }
  }

  #line(text: string): undefined {
    writeLine(this.#channel.output, text);
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
    switch (words[1]) {
      case undefined:
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
    switch (argument) {
      case 'on':
      case 'off':
        this.#channel.facts.detail = argument === 'on';
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
    const wanted = parseUnsigned32(classWord);
    const limit = parseUnsigned32(limitWord);
    if (wanted === undefined || limit === undefined) return this.#line(BAD_LINE);
    if (wanted >= MOST_CLASSES) return this.#line('CLIENT_ERROR Illegal slab id');
    const { store } = this.#channel.commands;
    let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    let text = '';
    for (const item of store.items()) {
      if (left === 0 || text.length > LONGEST_CACHEDUMP) break;
      if (classOf(item.size, store.maxItemSize) !== wanted) continue;
      const expires = item.expiration === 0 ? 0 : store.unixTime(item.expiration);
      text += `ITEM ${item.key} [${item.value.length} b; ${expires} s]\r\n`;
      left--;
    }
    writeText(this.#channel.output, `${text}END\r\n`);
  }

  #memoryLimit(words: readonly string[]): undefined {
    if (words.length !== 2 && words.length !== 3) return this.#line('ERROR');
    const quiet = words.at(-1) === 'noreply';
    const megabytes = parseUnsigned32(words[1] as string);
    let answer = 'OK';
    if (megabytes === undefined) answer = 'ERROR';
    else if (megabytes < 8) answer = 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m';
    else if (megabytes > 1_000_000_000) answer = 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes';
    else {
      const { store } = this.#channel.commands;
      store.memoryLimit = megabytes * MEGABYTE;
      store.shrink();
    }
    if (!quiet) this.#line(answer);
    return undefined;
  }

  #crawler(words: readonly string[]): Continuation | undefined {
    const [, action, argument] = words;
    if (words.length === 2) {
      this.#switchCrawler(action);
    } else if (words.length !== 3 || argument === undefined) {
      this.#line('ERROR');
    } else if (action === 'metadump') {
      return this.#metadump(argument);
    } else {
      this.#runCrawler(action, argument);
    }
    return undefined;
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

  #runCrawler(action: string | undefined, argument: string): undefined {
    const { facts, commands } = this.#channel;
    if (action === 'crawl') {
      if (!facts.crawler) return this.#line('CLIENT_ERROR lru crawler disabled');
      if (!isClassList(argument)) return this.#line('BADCLASS invalid class id');
      commands.store.sweep();
      return this.#line('OK');
    }
    if (action !== 'sleep' && action !== 'tocrawl') return this.#line('ERROR');
    const value = parseUnsigned32(argument);
    if (value === undefined) return this.#line(BAD_LINE);
    if (action === 'sleep' && value > 1_000_000) return this.#line('CLIENT_ERROR sleep must be one second or less');
    return this.#line('OK');
  }

  #metadump(classes: string): Continuation | undefined {
    const channel = this.#channel;
    const { store } = channel.commands;
    if (!channel.facts.crawler) {
      this.#line('CLIENT_ERROR lru crawler disabled');
      return undefined;
    }
    if (channel.stacked) {
      this.#line('ERROR cannot pipeline other commands before metadump');
      return undefined;
    }
    if (!isClassList(classes)) {
      this.#line('BADCLASS invalid class id');
      return undefined;
    }
    const items = store.items();
    const wanted = classes === 'all' || classes === 'hash' ? undefined : new Set(classes.split(',').map(Number));
    return () => {
      for (;;) {
        const next: IteratorResult<Item> = items.next();
        if (next.done === true) break;
        if (wanted?.has(classOf(next.value.size, store.maxItemSize)) === false) continue;
        writeText(channel.output, dumpLine(store, next.value));
        if (channel.output.position > PART_BYTES) {
          channel.flush();
          if (channel.blocked) return false;
        }
      }
      writeText(channel.output, 'END\r\n');
      channel.settle();
      return true;
    };
  }
}

/** Whether the crawler would take this for the classes to look at: all, or their numbers with commas between. */
function isClassList(text: string): boolean {
  if (text === 'all' || text === 'hash') return true;
  return text.split(',').every((word) => {
    const number = parseUnsigned32(word);
    return number !== undefined && number >= 1 && number < MOST_CLASSES;
  });
}
