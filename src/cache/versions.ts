import { cryptoModule } from '../builtins.ts';
import { ChangeCommand } from '../client/commands/change.ts';
import { NO_OPTIONS } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import { ItemCommand } from '../client/get-or-set/item-commands.ts';
import { LookCommand, type Seen } from '../client/get-or-set/look.ts';
import { wallNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { sendHome } from './home.ts';

/** A version that an item has, and which of those before it may still be served for a while, but by `getOrSet` alone. */
export interface Version {
  readonly id: string;
  readonly previous: readonly string[];
}

/** How often an item that others delete as soon as it is there is added again. */
const ATTEMPTS = 5;

/** A random token, then for each version before that may be served what it was and until when, in milliseconds. */
const ITEM = /^([\w-]{12})((?: [\w-]{12}\.\d{1,20} \d{1,16})*)$/;

/** How many versions before this one are remembered: what was not made again in that many soft invalidations is gone. */
const MOST_PREVIOUS = 8;

/** No flags that another program would read as a type. */
const FLAGS = 0;

/**
 * What can be invalidated at once for all processes has an item with a random version, and what rests on it keeps the
 * version that it was made under. To invalidate is to delete the item; who needs a version and finds none adds a fresh
 * one. So an invalidation is never lost: not where the item is evicted, and not by a command that arrives late or twice.
 * A late delete ends one version more. A late add puts an old token back, but the item has another CAS then, which is part
 * of the version. The items stay on the servers of their keys: while such a server is away, there are no versions.
 */
export class Versions {
  readonly #engine: Engine;
  readonly #onSpoilt: () => void;
  /** What is asked in this turn. */
  readonly #asked = new Map<string, Promise<Version | undefined>>();

  /** `onSpoilt` is called where another program has put something else in the place of a version. */
  constructor(engine: Engine, onSpoilt: () => void = () => {}) {
    this.#engine = engine;
    this.#onSpoilt = onSpoilt;
  }

  /** The version of now; asked once for all that want to know in this turn, and sent when all of them have begun. */
  peek(key: string): Promise<Version | undefined> {
    let answer = this.#asked.get(key);
    if (answer === undefined) {
      answer = Promise.resolve().then(() => {
        this.#asked.delete(key);
        return this.#read(key);
      });
      this.#asked.set(key, answer);
    }
    return answer;
  }

  /** The same, and a fresh one where there is none. */
  async current(key: string): Promise<Version> {
    let found = await this.peek(key);
    for (let attempt = 0; found === undefined && attempt < ATTEMPTS; attempt++) {
      await this.#send(Op.Add, key, freshToken());
      // Its CAS is a part of the version, and only a read tells it in every protocol.
      found = await this.#read(key);
    }
    if (found === undefined) {
      throw new MemcacheError('ERR_BUSY', 'A version was deleted in each attempt');
    }
    return found;
  }

  /** Ends the version of now for all processes; rejects when its server can't be asked. */
  async end(key: string): Promise<void> {
    await sendHome(this.#engine, new ChangeCommand(Op.Delete, key, NO_OPTIONS, this.#engine));
  }

  /**
   * The same, but what has that version, or one before it that may be served, may be served for some seconds more; those
   * before it for no longer than was said then.
   */
  async endSoftly(key: string, seconds: number): Promise<void> {
    const { item, cas } = await this.#look(key);
    const [, token, before = ''] = (item && ITEM.exec(item.value.toString('latin1'))) ?? [];
    if (token !== undefined && cas !== 0n) {
      const until = Math.ceil(wallNow() + seconds * 1000);
      const servable = previousIn(before).map(([id, end]) => `${id} ${Math.min(end, until)}`);
      const previous = [`${token}.${cas} ${until}`, ...servable].slice(0, MOST_PREVIOUS);
      if (await this.#send(Op.Set, key, [freshToken(), ...previous].join(' '), cas)) return;
    }
    // Somebody else was at it, or there is no CAS: the stricter of two invalidations counts.
    await this.end(key);
  }

  async #read(key: string): Promise<Version | undefined> {
    const { item, cas } = await this.#look(key);
    if (item === undefined) return undefined;
    const [, token, before = ''] = ITEM.exec(item.value.toString('latin1')) ?? [];
    if (token !== undefined) return { id: `${token}.${cas}`, previous: previousIn(before).map(([id]) => id) };
    this.#onSpoilt();
    await this.end(key);
    return undefined;
  }

  #look(key: string): Promise<Seen> {
    return sendHome(this.#engine, new LookCommand(key, this.#engine)) as Promise<Seen>;
  }

  #send(op: Op, key: string, value: string, cas?: bigint): Promise<unknown> {
    const item = { value, flags: FLAGS, expiration: 0, cas };
    return sendHome(this.#engine, new ItemCommand(op, key, item, this.#engine));
  }
}

/** Versions that may still be served, and until when. */
function previousIn(text: string): [id: string, until: number][] {
  const now = wallNow();
  return Array.from(text.matchAll(/ (\S+) (\d+)/g), ([, id, until]): [string, number] => [
    id as string,
    Number(until),
  ]).filter(([, until]) => until > now);
}

/** A name that nobody else has. */
export function freshToken(): string {
  return cryptoModule().randomBytes(9).toString('base64url');
}
