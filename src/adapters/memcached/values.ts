/** The flags of `memcached` 2.2, by the kind of value. A string has none. */
const JSON_FLAG = 2;
const BINARY_FLAG = 4;
const NUMERIC_FLAG = 8;

/** A value as it is stored. */
export interface StoredValue {
  text: string;
  flags: number;
}

/**
 * A value as `memcached` 2.2 stores it: JSON, bytes each as the character of its number, numbers as text, and a
 * backslash before what ends a line. `undefined` for what JSON has no word for; throws what `JSON.stringify` throws.
 */
export function encodeValue(value: unknown): StoredValue | undefined {
  if (typeof value === 'string') return { text: escaped(value), flags: 0 };
  if (typeof value === 'number') return { text: String(value), flags: NUMERIC_FLAG };
  if (Buffer.isBuffer(value)) return { text: escaped(value.toString('latin1')), flags: BINARY_FLAG };
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : { text: escaped(text), flags: JSON_FLAG };
}

/** What was stored. Throws `SyntaxError` for what says that it is JSON and is not; the error does not quote it. */
export function decodeValue(bytes: Buffer, flagBytes: Buffer | null): unknown {
  const flags = flagBytes?.readUInt32BE() ?? 0;
  const raw = bytes.toString();
  const text = raw.includes('\\') ? raw.replace(/\\([\r\n])/g, '$1') : raw;
  if (flags === BINARY_FLAG) return Buffer.from(text, 'latin1');
  if (flags === NUMERIC_FLAG) return Number(text);
  if (flags !== JSON_FLAG) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new SyntaxError('The stored value is not JSON');
  }
}

function escaped(text: string): string {
  return text.replace(/[\r\n]/g, '\\$&');
}
