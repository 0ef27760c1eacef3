import type { StoredItem } from '../client/get-or-set/copies.ts';
import { readFlags } from '../serializers/layout.ts';
import type { Kind } from './kind.ts';

/**
 * What a cache stores of a value: a line of text, and the bytes of its serializer, whose flags the item has. In the line,
 * with a space between:
 *
 * - `mC1`, for this form
 * - what follows: `0` a value, `1` null, `2` the index of a value that is stored in parts
 * - until when it is fresh, in milliseconds of Unix time; 0 is for ever
 * - for how many seconds it may be served after that
 * - how many bytes follow the line
 * - the version of the namespace
 * - for each tag its text, percent-encoded, and its version
 */
const FORM = 'mC1';

/** The version of a tag that a value was made under; the tag is percent-encoded. */
export type TagVersion = readonly [tag: string, version: string];

/** A value as it is about to be stored: its bytes and flags, without what it rests on. */
export interface Encoded {
  readonly kind: Kind;
  readonly payload: Buffer;
  readonly flags: number;
}

/** What a value rests on, and for how long it is good. */
export interface Footing {
  /** In milliseconds of Unix time; 0 for ever. */
  readonly freshUntil: number;
  /** In seconds. */
  readonly staleFor: number;
  /** The version of the namespace. */
  readonly version: string;
  readonly tags: readonly TagVersion[];
}

/** What was stored of a value, and what it rests on. */
export interface Stored extends Encoded, Footing {
  /** The index of a value that is stored in parts. */
  readonly index?: string;
}

/** The form, the kind, until when it is fresh, for how long stale, how many bytes follow, version, tags. */
const LINE = /^mC1 ([012]) ([\d.]+) (\d+) (\d+) ([^ ]+)((?: [^ ]+ [^ ]+)*)$/;

/** What is stored. */
export function toItem({ kind, payload, flags }: Encoded, footing: Footing): { value: Buffer; flags: number } {
  const { freshUntil, staleFor, version, tags } = footing;
  const head = [FORM, kind, freshUntil, staleFor, payload.length, version, ...tags.flat()];
  return { value: Buffer.concat([Buffer.from(`${head.join(' ')}\n`), payload]), flags };
}

/** What was stored; none where it is not of this form, or of another version of the library: nothing that it says is believed. */
export function fromItem({ value, flags }: StoredItem): Stored | undefined {
  const end = value.indexOf('\n');
  const [, kind, fresh, stale, length, version, tags = ''] = LINE.exec(value.toString('utf8', 0, end)) ?? [];
  const payload = value.subarray(end + 1);
  if (length !== String(payload.length)) return undefined;
  return {
    kind: kind as Kind,
    payload,
    flags: readFlags(flags),
    freshUntil: Number(fresh),
    staleFor: Number(stale),
    version: version as string,
    tags: Array.from(tags.matchAll(/ ([^ ]+) ([^ ]+)/g), ([, tag, id]) => [tag as string, id as string]),
  };
}
