import { ADDQ, DELETEQ, GETQ, HEADER_BYTES, RESPONSE_MAGIC, SETQ } from '../../protocol/binary/constants.ts';
import { Op } from '../../protocol/op.ts';
import type { Output } from '../../protocol/protocol.ts';

/**
 * The server's side of the binary protocol (memcached's `protocol_binary.h`): requests taken apart, responses put
 * together. A request is a header of 24 bytes, extras, a key and a value; the first three make a head, which is
 * looked at before the value is read.
 */

/** The opcodes that memcached 1.6 answers. Names that end in Q are quiet. */
export const Opcode = {
  Get: Op.Get,
  Set: Op.Set,
  Add: Op.Add,
  Replace: Op.Replace,
  Delete: Op.Delete,
  Increment: Op.Increment,
  Decrement: Op.Decrement,
  Quit: Op.Quit,
  Flush: Op.Flush,
  GetQ: GETQ,
  Noop: Op.Noop,
  Version: Op.Version,
  GetK: 0x0c,
  GetKQ: 0x0d,
  Append: Op.Append,
  Prepend: Op.Prepend,
  Stat: Op.Stat,
  SetQ: SETQ,
  AddQ: ADDQ,
  ReplaceQ: 0x13,
  DeleteQ: DELETEQ,
  IncrementQ: 0x15,
  DecrementQ: 0x16,
  QuitQ: 0x17,
  FlushQ: 0x18,
  AppendQ: 0x19,
  PrependQ: 0x1a,
  Touch: Op.Touch,
  Gat: Op.GetAndTouch,
  GatQ: 0x1e,
  SaslList: Op.SaslList,
  SaslAuth: Op.SaslAuth,
  SaslStep: 0x22,
  GatK: 0x23,
  GatKQ: 0x24,
} as const;

/** For each quiet opcode the one whose work it does. */
const LOUD: ReadonlyMap<number, number> = new Map<number, number>([
  [Opcode.GetQ, Opcode.Get],
  [Opcode.GetKQ, Opcode.GetK],
  [Opcode.SetQ, Opcode.Set],
  [Opcode.AddQ, Opcode.Add],
  [Opcode.ReplaceQ, Opcode.Replace],
  [Opcode.DeleteQ, Opcode.Delete],
  [Opcode.IncrementQ, Opcode.Increment],
  [Opcode.DecrementQ, Opcode.Decrement],
  [Opcode.QuitQ, Opcode.Quit],
  [Opcode.FlushQ, Opcode.Flush],
  [Opcode.AppendQ, Opcode.Append],
  [Opcode.PrependQ, Opcode.Prepend],
  [Opcode.GatQ, Opcode.Gat],
  [Opcode.GatKQ, Opcode.GatK],
]);

/** The same as a table, since every request is looked up. */
const LOUD_TABLE = Uint8Array.from({ length: 256 }, (_, opcode) => LOUD.get(opcode) ?? opcode);

/** One request without its value. A connection has a single one, filled again for each request. */
export class RequestFrame {
  /** As it came; a response repeats it. */
  opcode = 0;
  /** The opcode whose work it asks for, the same unless it is quiet. */
  loud = 0;
  keyLength = 0;
  extrasLength = 0;
  /** Extras, key and value together, as the header has it; nothing says yet that it can be true. */
  bodyLength = 0;
  cas = 0n;
  /** Where the extras begin in the buffer. */
  extrasAt = 0;
  /** Where the opaque lies in {@link buffer}. */
  opaque = 0;
  key = '';

  get quiet(): boolean {
    return this.opcode !== this.loud;
  }

  get valueLength(): number {
    return this.bodyLength - this.keyLength - this.extrasLength;
  }

  /** Takes apart the head that begins at `start`. */
  read(buffer: Buffer, start: number): void {
    this.opcode = buffer[start + 1] as number;
    this.loud = LOUD_TABLE[this.opcode] as number;
    this.keyLength = buffer.readUInt16BE(start + 2);
    this.extrasLength = buffer[start + 4] as number;
    this.bodyLength = buffer.readUInt32BE(start + 8);
    this.opaque = buffer.readUInt32BE(start + 12);
    const high = buffer.readUInt32BE(start + 16);
    const low = buffer.readUInt32BE(start + 20);
    this.cas = high === 0 && low === 0 ? 0n : (BigInt(high) << 32n) | BigInt(low);
    this.extrasAt = start + HEADER_BYTES;
    const keyAt = this.extrasAt + this.extrasLength;
    this.key = buffer.toString('latin1', keyAt, keyAt + this.keyLength);
  }
}

/** How long header, extras and key at `start` are together; 0 while the header is not all there. */
export function headLengthOf(buffer: Buffer, start: number, end: number): number {
  if (end - start < HEADER_BYTES) return 0;
  return HEADER_BYTES + buffer.readUInt16BE(start + 2) + (buffer[start + 4] as number);
}

/** Writes a response's header; `keyLength` and `extrasLength` are part of `bodyLength`. */
export function writeHeader(
  output: Output,
  frame: RequestFrame,
  status: number,
  extrasLength: number,
  keyLength: number,
  bodyLength: number,
  cas: bigint,
): void {
  output.reserve(HEADER_BYTES + bodyLength);
  const { buffer, position } = output;
  buffer[position] = RESPONSE_MAGIC;
  buffer[position + 1] = frame.opcode;
  buffer[position + 2] = keyLength >>> 8;
  buffer[position + 3] = keyLength;
  buffer[position + 4] = extrasLength;
  buffer[position + 5] = 0;
  buffer[position + 6] = status >>> 8;
  buffer[position + 7] = status;
  buffer.writeUInt32BE(bodyLength, position + 8);
  buffer.writeUInt32BE(frame.opaque, position + 12);
  if (cas === 0n) buffer.fill(0, position + 16, position + 24);
  else buffer.writeBigUInt64BE(cas, position + 16);
  output.position = position + HEADER_BYTES;
}

/** A response whose body is a text or nothing. */
export function writeResponse(output: Output, frame: RequestFrame, status: number, body = '', cas = 0n): void {
  writeHeader(output, frame, status, 0, 0, body.length, cas);
  if (body !== '') output.position += output.buffer.write(body, output.position, 'latin1');
}

/** A response to a fetch: client flags, the key where it was asked for, the value. */
export function writeValue(
  output: Output,
  frame: RequestFrame,
  flags: number,
  key: string,
  value: string,
  cas: bigint,
): void {
  writeHeader(output, frame, 0, 4, key.length, 4 + key.length + value.length, cas);
  const { buffer } = output;
  let { position } = output;
  buffer.writeUInt32BE(flags, position);
  position += 4;
  if (key !== '') position += buffer.write(key, position, 'latin1');
  if (value !== '') position += buffer.write(value, position, 'latin1');
  output.position = position;
}

/** A response to a counter. */
export function writeCounter(output: Output, frame: RequestFrame, value: bigint, cas: bigint): void {
  writeHeader(output, frame, 0, 0, 0, 8, cas);
  output.position = output.buffer.writeBigUInt64BE(value, output.position);
}

/** A response whose body is a key and a value: one statistic, or a miss that repeats the key. */
export function writeKeyed(output: Output, frame: RequestFrame, status: number, key: string, value: string): void {
  writeHeader(output, frame, status, 0, key.length, key.length + value.length, 0n);
  output.position += output.buffer.write(key, output.position, 'latin1');
  output.position += output.buffer.write(value, output.position, 'latin1');
}
