import { sha256 } from '../builtins.ts';
import type { Engine } from '../client/engine.ts';
import { isInteger, MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { checkNumbers } from './check-numbers.ts';
import type { Encoded, Stored } from './envelope.ts';
import { lookHome, storeHome } from './home.ts';
import type { CacheKeys } from './keys.ts';
import { INDEX, VALUE } from './kind.ts';
import { BYTES_AHEAD, MAX_BYTES, PART_SIZE, PARTS_AHEAD } from './limits.ts';
import { freshToken } from './versions.ts';

/** Options of a cache about values that are too large for an item. */
export interface PartOptions {
  /**
   * How many bytes an item may have: a value that comes to more is stored in parts of that many. Has to be below the
   * item size of the servers (`memcached -I`) by 512 bytes. @default 1,047,552, which is 1 KB below memcached's own 1 MB
   */
  partSize?: number | undefined;
  /** How many bytes a value may have in all; a larger one is `ERR_VALUE_TOO_LARGE`. @default 67,108,864, which is 64 MB */
  maxBytes?: number | undefined;
}

/** What stands in the item of a value that is stored in parts: their name, the size of each and of all, a digest. */
const INDEX_TEXT = /^([\w-]{12}) ([1-9]\d{0,14}) ([1-9]\d{0,14}) ([\w-]{43})$/;

/**
 * Values that are too large for an item: parts under a random name, each on the server of its own key, and an index in
 * the place of the value, which is stored when all of them are. No two writers have a name in common, so a reader gets
 * the parts of the index that it has read, or finds that there is one missing.
 */
export class Parts {
  readonly partSize: number;
  readonly #maxBytes: number;
  readonly #engine: Engine;
  readonly #keys: CacheKeys;
  /** What is being read, by its index: all who ask for it meanwhile share it. */
  readonly #loading = new Map<string, Promise<Buffer | undefined>>();

  /** Throws `ERR_INVALID_ARGUMENT`. */
  constructor(engine: Engine, keys: CacheKeys, { partSize = PART_SIZE, maxBytes = MAX_BYTES }: PartOptions) {
    checkNumbers({ partSize, maxBytes }, (value) => isInteger(value, 1), 'an integer from 1 on');
    this.partSize = partSize;
    this.#maxBytes = maxBytes;
    this.#engine = engine;
    this.#keys = keys;
  }

  /** Throws `ERR_VALUE_TOO_LARGE`. */
  check({ payload }: Encoded): void {
    if (payload.length <= this.#maxBytes) return;
    throw new MemcacheError('ERR_VALUE_TOO_LARGE', `The value has ${payload.length} bytes, over maxBytes`);
  }

  /** Stores the parts of a value, and gives the index that is to be stored then; rejects when a part was not stored. */
  async store({ payload, flags }: Encoded, expiration: number): Promise<Encoded> {
    const { partSize } = this;
    const name = freshToken();
    await inTurn(payload.length, partSize, async (start, index) => {
      const value = payload.subarray(start, start + partSize);
      const item = { value, flags: 0, expiration };
      return storeHome(this.#engine, Op.Set, this.#wire(name, index), item);
    });
    const index = `${name} ${partSize} ${payload.length} ${sha256(payload)}`;
    return { kind: INDEX, payload: Buffer.from(index), flags };
  }

  /** The value that an index stands for, of which `known` may be a copy; none where a part is missing. */
  async whole(stored: Stored, known: Stored | undefined): Promise<Stored | undefined> {
    const index = stored.payload.toString('latin1');
    let payload = known?.index === index ? known.payload : undefined;
    if (!payload) {
      const loading = this.#loading.get(index) ?? this.#load(index);
      this.#loading.set(index, loading);
      payload = await loading.finally(() => this.#loading.delete(index));
    }
    return payload && { ...stored, kind: VALUE, payload, index };
  }

  async #load(index: string): Promise<Buffer | undefined> {
    const [, name = '', size, total, digest] = INDEX_TEXT.exec(index) ?? [];
    const partSize = Number(size);
    const length = Number(total);
    // What it says may be anybody's words: no more is believed than a cache may store.
    if (!(length <= this.#maxBytes)) return undefined;
    const payload = Buffer.allocUnsafeSlow(length);
    const isWhole = await inTurn(length, partSize, async (start, part) => {
      const { item } = await lookHome(this.#engine, this.#wire(name, part));
      item?.value.copy(payload, start);
      return item?.value.length === Math.min(partSize, length - start);
    });
    if (!isWhole) return undefined;
    return sha256(payload) === digest ? payload : undefined;
  }

  #wire(name: string, part: number): string {
    return this.#keys.own(`p:${name}:${part}`);
  }
}

/** Goes through the parts of so many bytes, in their order and some at a time, until one has no result or fails. */
async function inTurn(
  length: number,
  partSize: number,
  run: (start: number, index: number) => Promise<unknown>,
): Promise<boolean> {
  let next = 0;
  let isWhole = true;
  const work = async (): Promise<void> => {
    while (isWhole && next * partSize < length) {
      const index = next++;
      // Not whole unless this comes to an end.
      let done: unknown = false;
      try {
        done = await run(index * partSize, index);
      } finally {
        isWhole &&= done === true;
      }
    }
  };
  const ahead = Math.min(Math.ceil(BYTES_AHEAD / partSize), PARTS_AHEAD);
  await Promise.all(Array.from({ length: ahead }, work));
  return isWhole;
}
