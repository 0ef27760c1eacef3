import { MemcacheError } from '../../errors.ts';
import { checkAllThere, LARGE_BYTES, LOOP_LIMIT, wireValue } from '../large.ts';
import { factsOf, Op } from '../op.ts';
import type { Output } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { SingleRequest } from '../single-request.ts';
import { ADDQ, DELETEQ, DO_NOT_CREATE, GETQ, HEADER_BYTES, REQUEST_MAGIC, SETQ } from './constants.ts';

const TWO_TO_32 = 0x100000000;

/** Writes one request. */
export function encode(request: Request, output: Output): void {
  if (request.op === Op.Raw) appendBytes(output, request.value as Uint8Array);
  else if (request.keys !== undefined) encodeBatch(request, request.keys, output);
  else if (request.op > 0xff) throw unsupported(request.op);
  else encodeFrame(request, request.op, output);
}

function unsupported(op: Op): MemcacheError {
  return new MemcacheError('ERR_UNSUPPORTED', `${factsOf(op).name} needs the meta protocol`);
}

/**
 * One frame for each key, whose quiet opcode has no response where there is nothing to tell, and one whose response ends the
 * batch ("Get Quietly"): of reads that is the last key's own, of changes a NOOP.
 */
function encodeBatch(request: Request, keys: readonly WireKey[], output: Output): void {
  const { op, stores, opaque } = request;
  checkAllThere(stores);
  const single = new SingleRequest(request);
  for (let index = 0; index < keys.length; index++) {
    single.aim(keys[index] as WireKey, (opaque + index) >>> 0, stores?.[index]);
    encodeFrame(single, batchOpcode(op, index, keys.length), output);
  }
  // What is read ends with its last key.
  if (op === Op.GetMulti) return;
  single.aim('', (opaque + keys.length) >>> 0, undefined);
  encodeFrame(single, Op.Noop, output);
}

/** The opcode of the frame at `index` in a batch of so many keys. */
export function batchOpcode(op: Op, index: number, count: number): number {
  if (op === Op.GetMulti) return index === count - 1 ? Op.Get : GETQ;
  return index === count ? Op.Noop : (QUIET_OPCODES[op] as number);
}

/** The opcodes that a batch of changes sends for each key. */
const QUIET_OPCODES: Readonly<Partial<Record<Op, number>>> = {
  [Op.SetMulti]: SETQ,
  [Op.AddMulti]: ADDQ,
  [Op.DeleteMulti]: DELETEQ,
};

/** A frame: header, extras, key, value (`protocol-binary.txt`, "Request header"). */
function encodeFrame(request: Request, op: number, output: Output): void {
  const { key } = request;
  const value = request.value === undefined ? undefined : wireValue(request.value);
  const inlineBytes = value === undefined ? 0 : inlineSize(value);
  output.reserve(HEADER_BYTES + 20 + key.length * 3 + inlineBytes);

  const { buffer } = output;
  const start = output.position;
  const extrasEnd = writeExtras(request, op, buffer, start + HEADER_BYTES);
  const keyLength = writeKey(buffer, key, extrasEnd);
  const keyEnd = extrasEnd + keyLength;

  let valueLength = 0;
  if (typeof value === 'string') {
    valueLength = writeText(buffer, value, keyEnd);
  } else if (value !== undefined) {
    valueLength = value.length;
    if (valueLength < LARGE_BYTES) buffer.set(value, keyEnd);
  }
  const bodyLength = keyEnd - start - HEADER_BYTES + valueLength;

  buffer[start] = REQUEST_MAGIC;
  buffer[start + 1] = op;
  buffer[start + 2] = keyLength >>> 8;
  buffer[start + 3] = keyLength;
  buffer[start + 4] = extrasEnd - start - HEADER_BYTES;
  buffer[start + 5] = 0;
  buffer[start + 6] = 0;
  buffer[start + 7] = 0;
  writeUint32(buffer, bodyLength, start + 8);
  writeUint32(buffer, request.opaque, start + 12);
  writeCas(buffer, request.cas, start + 16);

  if (value !== undefined && typeof value !== 'string' && valueLength >= LARGE_BYTES) {
    output.position = keyEnd;
    output.attach(value);
  } else {
    output.position = keyEnd + valueLength;
  }
}

function inlineSize(value: string | Uint8Array): number {
  if (typeof value === 'string') return value.length * 3;
  return value.length < LARGE_BYTES ? value.length : 0;
}

/** Writes the extras of a request and returns where they end. */
function writeExtras(request: Request, op: number, buffer: Buffer, at: number): number {
  switch (op) {
    case Op.Set:
    case SETQ:
    case ADDQ:
    case Op.Add:
    case Op.Replace:
      writeUint32(buffer, request.flags, at);
      writeUint32(buffer, request.expiration, at + 4);
      return at + 8;
    case Op.Increment:
    case Op.Decrement:
      writeUint64(buffer, request.amount, at);
      writeUint64(buffer, request.initial ?? 0, at + 8);
      writeUint32(buffer, request.initial === null ? DO_NOT_CREATE : request.expiration, at + 16);
      return at + 20;
    case Op.Touch:
    case Op.GetAndTouch:
      writeUint32(buffer, request.expiration, at);
      return at + 4;
    case Op.Flush:
      if (request.expiration === 0) return at;
      writeUint32(buffer, request.expiration, at);
      return at + 4;
    default:
      return at;
  }
}

function appendBytes(output: Output, bytes: Uint8Array): void {
  if (bytes.length >= LARGE_BYTES) {
    output.attach(bytes);
    return;
  }
  output.reserve(bytes.length);
  output.buffer.set(bytes, output.position);
  output.position += bytes.length;
}

/** Writes text as UTF-8 and returns the number of bytes; the caller has reserved three for each UTF-16 unit. */
function writeText(buffer: Buffer, text: string, at: number): number {
  const { length } = text;
  if (length > LOOP_LIMIT) return buffer.write(text, at, 'utf8');
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return buffer.write(text, at, 'utf8');
    buffer[at + i] = unit;
  }
  return length;
}

/** Writes a key and returns the number of its bytes. */
function writeKey(buffer: Buffer, key: WireKey, at: number): number {
  if (typeof key === 'string') return writeText(buffer, key, at);
  buffer.set(key, at);
  return key.length;
}

function writeUint32(buffer: Buffer, value: number, at: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

function writeCas(buffer: Buffer, cas: bigint | undefined, at: number): void {
  if (cas !== undefined) {
    buffer.writeBigUInt64BE(cas, at);
    return;
  }
  writeUint32(buffer, 0, at);
  writeUint32(buffer, 0, at + 4);
}

function writeUint64(buffer: Buffer, value: number | bigint, at: number): void {
  if (typeof value === 'bigint') {
    buffer.writeBigUInt64BE(value, at);
    return;
  }
  writeUint32(buffer, Math.floor(value / TWO_TO_32), at);
  writeUint32(buffer, value >>> 0, at + 4);
}
