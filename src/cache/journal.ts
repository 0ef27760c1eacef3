import { sha256 } from '../builtins.ts';
import type { Engine } from '../client/engine.ts';
import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { deleteHome, lookHome, storeHome } from './home.ts';
import { freshToken } from './versions.ts';

/** A moment in the order of invalidations: how many there have been in the life of the journal. */
export interface Mark {
  /** Of the life: a journal that was lost begins another one. */
  readonly id: string;
  readonly count: number;
}

/** What a journal said when it was read. */
export interface Page extends Mark {
  /** The last invalidations of tags, of whatever kind. */
  readonly recent: Notes;
  /** The last invalidations of tags that no value rests on, which have to be remembered for longer. */
  readonly lasting: Notes;
}

/** When each of the tags was invalidated last, by its digest; of what was up to `since` not all is known any more. */
interface Notes {
  readonly since: number;
  readonly last: ReadonlyMap<string, number>;
}

const MOST_RECENT = 256;
const MOST_LASTING = 1000;

/** How often a note is tried against others that write one. */
const ATTEMPTS = 16;

const NO_NOTES: Notes = { since: 0, last: new Map() };

/**
 * Which tags were invalidated lately, in one item that all processes write by CAS: for values whose tags are not known
 * before they have been made, and for tags that no value rests on. It needs no clock, has a size that is bounded, and where
 * it was lost or has forgotten something, everything from before counts as invalidated.
 */
export class Journal {
  readonly #engine: Engine;
  readonly #key: string;
  /** What is asked in this turn. */
  #asked: Promise<Page> | undefined;
  /** The last response, which is read no second time. */
  #known: { bytes: Buffer; page: Page } | undefined;

  constructor(engine: Engine, key: string) {
    this.#engine = engine;
    this.#key = key;
  }

  /** The page of now; asked once for all that want to know in this turn. Rejects when its server can't be asked. */
  read(): Promise<Page> {
    this.#asked ??= Promise.resolve().then(() => {
      this.#asked = undefined;
      return this.#current();
    });
    return this.#asked;
  }

  /** Notes that tags are about to be invalidated; `lasts` says of which of them it is to be remembered for longer. */
  async note(tags: readonly string[], lasts: (tag: string) => boolean): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { page, cas } = await this.#look();
      // Where items have no CAS, one note could take the place of another.
      if (page !== undefined && cas === 0n) break;
      const count = (page?.count ?? 0) + 1;
      const next: Page = {
        id: page?.id ?? freshToken(),
        count,
        recent: noted(page?.recent ?? NO_NOTES, tags, count, MOST_RECENT),
        lasting: noted(page?.lasting ?? NO_NOTES, tags.filter(lasts), count, MOST_LASTING),
      };
      if (await this.#write(next, page === undefined ? undefined : cas)) return;
    }
    // A journal that starts over says that everything was invalidated.
    await deleteHome(this.#engine, this.#key);
  }

  async #current(): Promise<Page> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { page } = await this.#look();
      if (page !== undefined) return page;
      const first: Page = { id: freshToken(), count: 0, recent: NO_NOTES, lasting: NO_NOTES };
      if (await this.#write(first, undefined)) return first;
    }
    throw new MemcacheError('ERR_BUSY', 'The journal was deleted in each attempt');
  }

  async #look(): Promise<{ page: Page | undefined; cas: bigint }> {
    const { item, cas } = await lookHome(this.#engine, this.#key);
    if (item === undefined) return { page: undefined, cas };
    if (this.#known?.bytes.equals(item.value) === true) return { page: this.#known.page, cas };
    const page = decode(item.value);
    if (page !== undefined) this.#known = { bytes: Buffer.from(item.value), page };
    // What another program has put here is in nobody's way.
    else await deleteHome(this.#engine, this.#key);
    return { page, cas };
  }

  /** In place of what had that CAS, or where there is nothing. */
  #write(page: Page, cas: bigint | undefined): Promise<boolean> {
    const op = cas === undefined ? Op.Add : Op.Set;
    const item = { value: encode(page), flags: 0, expiration: 0, cas };
    return storeHome(this.#engine, op, this.#key, item);
  }
}

/** Whether one of the tags may have been invalidated between two moments, the later of which is a page. */
export function invalidatedSince(mark: Mark, now: Page, kind: 'recent' | 'lasting', tags: readonly string[]): boolean {
  if (mark.id !== now.id) return true;
  if (mark.count === now.count) return false;
  const { since, last } = now[kind];
  return mark.count < since || tags.some((tag) => (last.get(digest(tag)) ?? 0) > mark.count);
}

function noted({ since, last }: Notes, tags: readonly string[], count: number, most: number): Notes {
  const next = new Map(last);
  for (const name of tags.map(digest)) {
    // The latest stand at the end.
    next.delete(name);
    next.set(name, count);
  }
  let forgotten = since;
  for (const [name, when] of next) {
    if (next.size <= most) break;
    next.delete(name);
    forgotten = when;
  }
  return { since: forgotten, last: next };
}

/** Two tags with one digest are invalidated together, which does no harm. */
function digest(tag: string): string {
  return sha256(tag).slice(0, 9);
}

/** A line of text: the form, the life, its invalidations, and the notes of both kinds as `digest:count`. */
function encode({ id, count, recent, lasting }: Page): string {
  return ['mJ1', id, count, notesText(recent), notesText(lasting)].join(' ');
}

function notesText({ since, last }: Notes): string {
  return [since, ...Array.from(last, ([name, count]) => `${name}:${count}`)].join(',');
}

const FORM = /^mJ1 ([\w-]{12}) (\d{1,15}) ([\w:,-]+) ([\w:,-]+)$/;

function decode(bytes: Buffer): Page | undefined {
  const [, id, count, recent, lasting] = FORM.exec(bytes.toString('latin1')) ?? [];
  if (id === undefined || recent === undefined || lasting === undefined) return undefined;
  return { id, count: Number(count), recent: notesOf(recent), lasting: notesOf(lasting) };
}

function notesOf(text: string): Notes {
  const [since, ...notes] = text.split(',');
  const pairs = notes.map((note): [string, number] => {
    const end = note.lastIndexOf(':');
    return [note.slice(0, end), Number(note.slice(end + 1))];
  });
  return { since: Number(since), last: new Map(pairs) };
}
