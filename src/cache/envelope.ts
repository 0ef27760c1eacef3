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

/** A stored value and what it rests on. */
export interface Envelope {
  readonly kind: Kind;
  /** In milliseconds of Unix time; 0 for ever. */
  readonly freshUntil: number;
  /** In seconds. */
  readonly staleFor: number;
  /** The version of the namespace. */
  readonly version: string;
  readonly tags: readonly TagVersion[];
  readonly payload: Buffer;
}

const LINE_END = 0x0a;

export function encodeEnvelope({ kind, freshUntil, staleFor, version, tags, payload }: Envelope): Buffer {
  const head = [FORM, kind, freshUntil, staleFor, payload.length, version, ...tags.flat()];
  return Buffer.concat([Buffer.from(`${head.join(' ')}\n`), payload]);
}

/** None for what is no envelope, or one of another version of the library: nothing that it says is believed. */
export function decodeEnvelope(bytes: Buffer): Envelope | undefined {
  if (bytes.toString('latin1', 0, FORM.length + 1) !== `${FORM} `) return undefined;
  const end = bytes.indexOf(LINE_END);
  const [, kind, fresh, stale, length, version, ...rest] = bytes.toString('utf8', 0, end).split(' ');
  const [freshUntil, staleFor] = [Number(fresh), Number(stale)];
  const payload = bytes.subarray(end + 1);
  const isWhole = length === String(payload.length) && version !== undefined && rest.length % 2 === 0;
  if (!isWhole || !(freshUntil >= 0 && staleFor >= 0) || !isKind(kind)) return undefined;
  const tags: TagVersion[] = [];
  for (let i = 0; i < rest.length; i += 2) tags.push([rest[i] as string, rest[i + 1] as string]);
  return { kind, freshUntil, staleFor, version, tags, payload };
}

function isKind(text: string | undefined): text is Kind {
  return text === Kind.Value || text === Kind.Null || text === Kind.Index;
}
