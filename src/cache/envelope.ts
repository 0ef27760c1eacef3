/**
 * What a cache stores of a value: a header, then the bytes of its serializer, whose flags the item has. Numbers are in
 * big-endian order.
 *
 *     0   "mC", 1 (the version of this form), and the kind: 0 a value, 1 null
 *     4   until when it is fresh, in milliseconds of Unix time, as a double; 0 for ever
 *     12  for how many seconds it may be served after that, uint32
 *     16  the length of the value, uint32
 *     20  the version of the namespace: its length, uint8, and its text
 *     …   the number of tags, uint16, and for each its name and its version: their lengths, uint16 and uint8, and texts
 *     …   the value
 */
const MAGIC = 0x6d430100;

export const Kind = { Value: 0, Null: 1 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** The version of a tag that a value was made under. */
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

const FIXED = 21;

export function encodeEnvelope(envelope: Envelope): Buffer {
  const { kind, freshUntil, staleFor, version, tags, payload } = envelope;
  const names = tags.map(([tag]) => Buffer.from(tag));
  let size = FIXED + version.length + 2 + payload.length;
  for (let i = 0; i < tags.length; i++) size += 3 + (names[i] as Buffer).length + (tags[i] as TagVersion)[1].length;
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeUInt32BE(MAGIC | kind, 0);
  bytes.writeDoubleBE(freshUntil, 4);
  bytes.writeUInt32BE(staleFor, 12);
  bytes.writeUInt32BE(payload.length, 16);
  let at = bytes.writeUInt8(version.length, 20);
  at += bytes.write(version, at, 'latin1');
  at = bytes.writeUInt16BE(tags.length, at);
  tags.forEach(([, tagVersion], index) => {
    const name = names[index] as Buffer;
    at = bytes.writeUInt16BE(name.length, at);
    at += name.copy(bytes, at);
    at = bytes.writeUInt8(tagVersion.length, at);
    at += bytes.write(tagVersion, at, 'latin1');
  });
  payload.copy(bytes, at);
  return bytes;
}

/** None for what is no envelope, or one of another version of the library: lengths in it are not believed. */
export function decodeEnvelope(bytes: Buffer): Envelope | undefined {
  if (bytes.length < FIXED + 2) return undefined;
  const kind = bytes.readUInt32BE(0) ^ MAGIC;
  if (kind !== Kind.Value && kind !== Kind.Null) return undefined;
  const tagsAt = FIXED + (bytes[20] as number);
  if (tagsAt + 2 > bytes.length) return undefined;
  const tags: TagVersion[] = [];
  const payloadAt = readTags(bytes, tagsAt, tags);
  if (payloadAt === undefined || payloadAt + bytes.readUInt32BE(16) !== bytes.length) return undefined;
  return {
    kind,
    freshUntil: bytes.readDoubleBE(4),
    staleFor: bytes.readUInt32BE(12),
    version: bytes.toString('latin1', FIXED, tagsAt),
    tags,
    payload: bytes.subarray(payloadAt),
  };
}

/** Where the tags end; none where they go past the end. */
function readTags(bytes: Buffer, start: number, tags: TagVersion[]): number | undefined {
  let at = start + 2;
  for (let left = bytes.readUInt16BE(start); left > 0; left--) {
    if (at + 2 > bytes.length) return undefined;
    const nameAt = at + 2;
    const versionAt = nameAt + bytes.readUInt16BE(at) + 1;
    if (versionAt > bytes.length) return undefined;
    const end = versionAt + (bytes[versionAt - 1] as number);
    if (end > bytes.length) return undefined;
    tags.push([bytes.toString('utf8', nameAt, versionAt - 1), bytes.toString('latin1', versionAt, end)]);
    at = end;
  }
  return at;
}
