import { jsonBytes } from '../output.ts';

/** A line of a dump. */
export interface DumpedItem {
  key: Buffer;
  value: Buffer;
  flags: number;
  /** Seconds left to live when it was dumped; `null` for ever. */
  ttl: number | null;
  /** When it expires, as a Unix time. */
  expires: number | null;
}

export function formatItem({ key, value, flags, ttl, expires }: DumpedItem): string {
  const fields = { ...jsonBytes(key, 'key', 'keyBase64'), ...jsonBytes(value, 'value', 'base64'), flags, ttl };
  return `${JSON.stringify(expires === null ? fields : { ...fields, expires })}\n`;
}

/** Reads a line of a dump; throws what is wrong with it, without repeating any of it. */
export function parseItem(line: Buffer): DumpedItem {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line.toString());
  } catch {
    // What JSON.parse says shows the text.
    throw new Error('not JSON');
  }
  if (typeof fields !== 'object' || fields === null) throw new Error('not an object');
  const key = bytesOf(fields, 'key', 'keyBase64');
  if (key.length === 0 || key.length > 250) throw new Error('the key has to have 1 to 250 bytes');
  if (fields.flags === -1) throw new Error('flags: expected a whole number');
  const flags = numberOf(fields, 'flags') ?? 0;
  if (flags > 0xffffffff) throw new Error('flags: expected no more than 4,294,967,295');
  const value = bytesOf(fields, 'value', 'base64');
  return { key, value, flags, ttl: numberOf(fields, 'ttl'), expires: numberOf(fields, 'expires') };
}

function bytesOf(fields: Record<string, unknown>, text: string, base64: string): Buffer {
  const { [text]: plain, [base64]: encoded } = fields;
  if (typeof plain === 'string') return Buffer.from(plain);
  if (typeof encoded === 'string' && /^[\w+/-]*={0,2}$/.test(encoded)) return Buffer.from(encoded, 'base64');
  throw new Error(`expected ${text} as a string, or ${base64}`);
}

/** A whole number, or none: left out, `null` and -1 say the same. */
function numberOf(fields: Record<string, unknown>, name: string): number | null {
  const { [name]: value = null } = fields;
  if (value === null || value === -1) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name}: expected a whole number`);
}
