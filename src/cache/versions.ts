import { cryptoModule } from '../builtins.ts';
import type { Engine } from '../client/engine.ts';
import { wallNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { deleteHome, lookHome, orRepaired, storeHome } from './home.ts';
import { MOST_PREVIOUS, VERSION_ATTEMPTS } from './limits.ts';

/** A version that an item has, and which of those before it may still be served for a while, but by `getOrSet` alone. */
export interface Version {
  readonly id: string;
  readonly cas: bigint;
  /** Until when each of those may be served, in milliseconds of Unix time. */
  readonly previous: ReadonlyMap<string, number>;
}

/** A random token, then for each version before that may be served what it was and until when, in milliseconds. */
const ITEM = /^([\w-]{12})((?: [\w-]{12}\.\d{1,20} \d{1,16})*)$/;

/**
 * What can be invalidated at once for all processes has an item with a random version, and what rests on it keeps the
 * version that it was made under. To invalidate is to delete the item; who needs a version and finds none adds a fresh
 * one. So an invalidation is never lost: not where the item is evicted, and not by a command that arrives late or twice.
 * A late delete ends one version more. A late add puts an old token back, but the item has another CAS then, which is part
 * of the version. The items stay on the servers of their keys: while such a server is away, there are no versions.
 */
export class Versions {
  readonly #engine: Engine;
  readonly #onSpoilt: (() => void) | undefined;
  /** What is asked in this turn. */
  readonly #asked = new Map<string, Promise<Version | undefined>>();

  /** `onSpoilt` is called where another program has put something else in the place of a version. */
  constructor(engine: Engine, onSpoilt?: () => void) {
    this.#engine = engine;
    this.#onSpoilt = onSpoilt;
  }

  /** The version of now; asked once for all that want to know in this turn, and sent when all of them have begun. */
  peek(key: string): Promise<Version | undefined> {
    let answer = this.#asked.get(key);
    if (!answer) {
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
    for (let attempt = 0; !found && attempt < VERSION_ATTEMPTS; attempt++) {
      await this.#send(Op.Add, key, freshToken());
      // Its CAS is a part of the version, and only a read tells it in every protocol.
      found = await this.#read(key);
    }
    if (!found) throw new MemcacheError('ERR_BUSY', 'A version was deleted in each attempt');
    return found;
  }

  /** Ends the version of now for all processes; rejects when its server can't be asked. */
  end(key: string): Promise<unknown> {
    return deleteHome(this.#engine, key);
  }

  /**
   * The same, but what has that version, or one before it that may be served, may be served for some seconds more; those
   * before it for no longer than was said then.
   */
  endSoftly(key: string, seconds: number): Promise<void> {
    return orRepaired(this.#engine, key, async () => {
      const now = await this.#read(key);
      if (now?.cas) {
        const until = Math.ceil(wallNow() + seconds * 1000);
        const servable = Array.from(now.previous, ([id, end]) => `${id} ${Math.min(end, until)}`);
        const previous = [`${now.id} ${until}`, ...servable].slice(0, MOST_PREVIOUS);
        if (await this.#send(Op.Set, key, [freshToken(), ...previous].join(' '), now.cas)) return;
      }
      // Somebody else was at it, or there is no CAS: the stricter of two invalidations counts.
      await this.end(key);
    });
  }

  async #read(key: string): Promise<Version | undefined> {
    const { item, cas } = await lookHome(this.#engine, key);
    if (!item) return undefined;
    const [, token, before = ''] = ITEM.exec(item.value.toString('latin1')) ?? [];
    if (token) return { id: `${token}.${cas}`, cas, previous: previousIn(before) };
    this.#onSpoilt?.();
    await this.end(key);
    return undefined;
  }

  #send(op: Op, key: string, value: string, cas?: bigint): Promise<boolean> {
    return storeHome(this.#engine, op, key, { value, flags: 0, expiration: 0, cas });
  }
}

/** Versions that may still be served, and until when. */
function previousIn(text: string): Map<string, number> {
  const previous = Array.from(
    text.matchAll(/ (\S+) (\d+)/g),
    ([, id, until]) => [id as string, Number(until)] as const,
  );
  return new Map(previous.filter(([, until]) => until > wallNow()));
}

/** A name that nobody else has. */
export function freshToken(): string {
  return cryptoModule().randomBytes(9).toString('base64url');
}
