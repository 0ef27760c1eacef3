import type { StoredItem } from '../client/get-or-set/copies.ts';

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

export const Kind = { Value: '0', Null: '1', Index: '2' } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

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

const FIRST_BYTE = FORM.charCodeAt(0);
const LINE_END = 0x0a;

/** What is stored. */
export function toItem({ kind, payload, flags }: Encoded, footing: Footing): { value: Buffer; flags: number } {
  const { freshUntil, staleFor, version, tags } = footing;
  const head = [FORM, kind, freshUntil, staleFor, payload.length, version, ...tags.flat()];
  return { value: Buffer.concat([Buffer.from(`${head.join(' ')}\n`), payload]), flags };
}

/** What was stored; none where it is not of this form, or of another version of the library: nothing that it says is believed. */
export function fromItem({ value, flags }: StoredItem): Stored | undefined {
  // What others have written may be long.
  if (value[0] !== FIRST_BYTE) return undefined;
  const end = value.indexOf(LINE_END);
  const [form, kind, fresh, stale, length, version, ...rest] = value.toString('utf8', 0, end).split(' ');
  const freshUntil = Number(fresh);
  const staleFor = Number(stale);
  const payload = value.subarray(end + 1);
  const isWhole = form === FORM && length === String(payload.length) && version !== undefined && rest.length % 2 === 0;
  if (!isWhole || !(freshUntil >= 0 && staleFor >= 0) || !isKind(kind)) return undefined;
  const tags: TagVersion[] = [];
  for (let i = 0; i < rest.length; i += 2) tags.push([rest[i] as string, rest[i + 1] as string]);
  const own = flags.length === 4 ? flags.readUInt32BE(0) : 0;
  return { kind, payload, flags: own, freshUntil, staleFor, version, tags };
}

function isKind(text: string | undefined): text is Kind {
  return text === Kind.Value || text === Kind.Null || text === Kind.Index;
}
