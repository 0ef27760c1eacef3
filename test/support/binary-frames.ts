/** Binary frames, built and shown as text, for tests that look at servers byte by byte. */

export interface FrameParts {
  key?: string;
  extras?: Uint8Array;
  value?: string | Uint8Array;
  opaque?: number;
  cas?: bigint;
  magic?: number;
  vbucket?: number;
  dataType?: number;
  /** Lengths for the header that are not those of the parts. */
  keyLength?: number;
  extrasLength?: number;
  bodyLength?: number;
}

/** A request frame with these parts. */
export function frame(opcode: number, parts: FrameParts = {}): Buffer {
  const key = Buffer.from(parts.key ?? '', 'latin1');
  const extras = parts.extras ?? Buffer.alloc(0);
  const value = typeof parts.value === 'object' ? parts.value : Buffer.from(parts.value ?? '', 'latin1');
  const header = Buffer.alloc(24);
  header[0] = parts.magic ?? 0x80;
  header[1] = opcode;
  header.writeUInt16BE(parts.keyLength ?? key.length, 2);
  header[4] = parts.extrasLength ?? extras.length;
  header[5] = parts.dataType ?? 0;
  header.writeUInt16BE(parts.vbucket ?? 0, 6);
  header.writeUInt32BE(parts.bodyLength ?? key.length + extras.length + value.length, 8);
  header.writeUInt32BE(parts.opaque ?? 7, 12);
  header.writeBigUInt64BE(parts.cas ?? 0n, 16);
  return Buffer.concat([header, extras, key, value]);
}

/** A response frame with these parts. */
export function response(opcode: number, parts: FrameParts & { status?: number } = {}): Buffer {
  // The status is where a request has its vbucket.
  return frame(opcode, { magic: 0x81, vbucket: parts.status ?? 0, ...parts });
}

/** The value of a counter. */
export function counterValue(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** The extras of a store. */
export function storeExtras(flags = 0, expiration = 0): Buffer {
  const extras = Buffer.alloc(8);
  extras.writeUInt32BE(flags, 0);
  extras.writeUInt32BE(expiration >>> 0, 4);
  return extras;
}

/** The extras of a counter. */
export function counterExtras(amount: bigint, initial: bigint, expiration = 0): Buffer {
  const extras = Buffer.alloc(20);
  extras.writeBigUInt64BE(amount, 0);
  extras.writeBigUInt64BE(initial, 8);
  extras.writeUInt32BE(expiration >>> 0, 16);
  return extras;
}

/** Four bytes of extras: an expiration or a delay. */
export function expirationExtras(expiration: number): Buffer {
  const extras = Buffer.alloc(4);
  extras.writeUInt32BE(expiration >>> 0, 0);
  return extras;
}

const PRINTABLE = /^[\x20-\x7e]+$/;

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/**
 * Responses as lines, such as `00 status=00 extras=00000005 value=x opaque=7 cas`: the CAS is only said to be there,
 * since its number depends on what went before.
 */
export function transcript(bytes: Buffer): string[] {
  const lines: string[] = [];
  let at = 0;
  while (at + 24 <= bytes.length && bytes[at] === 0x81) {
    const keyLength = bytes.readUInt16BE(at + 2);
    const extrasLength = bytes[at + 4] as number;
    const end = at + 24 + bytes.readUInt32BE(at + 8);
    const keyAt = at + 24 + extrasLength;
    let line = `${hex(bytes[at + 1] as number)} status=${hex(bytes.readUInt16BE(at + 6))}`;
    if (extrasLength > 0) line += ` extras=${bytes.toString('hex', at + 24, keyAt)}`;
    if (keyLength > 0) line += ` key=${bytes.toString('latin1', keyAt, keyAt + keyLength)}`;
    const value = bytes.toString('latin1', keyAt + keyLength, end);
    if (value.length > 60) line += ` value of ${value.length}`;
    else if (PRINTABLE.test(value)) line += ` value=${value}`;
    else if (value !== '') line += ` value=0x${Buffer.from(value, 'latin1').toString('hex')}`;
    line += ` opaque=${bytes.readUInt32BE(at + 12)}`;
    if (bytes.readBigUInt64BE(at + 16) !== 0n) line += ' cas';
    lines.push(line);
    at = end;
  }
  if (at < bytes.length) lines.push(`not a response: ${JSON.stringify(bytes.toString('latin1', at))}`);
  return lines;
}
