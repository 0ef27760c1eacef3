import { HEADER_BYTES, REQUEST_MAGIC } from './constants.ts';

/** The header of a binary frame, in MemJS's form. */
export interface Header {
  magic: number;
  opcode: number;
  keyLength: number;
  extrasLength: number;
  dataType?: number;
  /** The status of a response; the vbucket of a request. */
  status?: number;
  totalBodyLength: number;
  /** uint32. */
  opaque?: number;
  /** The eight bytes of the CAS. */
  cas?: Buffer;
}

/** A whole binary frame, in MemJS's form. */
export interface Response {
  header: Required<Header>;
  key: Buffer;
  extras: Buffer;
  val: Buffer;
}

/** Reads and writes the 24 bytes in front of every binary frame (`protocol-binary.txt`, "Packet structure"). */
export const Header = {
  /** The header in the first 24 bytes. */
  fromBuffer(headerBuf: Buffer): Required<Header> {
    // MemJS answers a missing buffer with an empty object, which its type does not tell.
    if (!headerBuf) return {} as Required<Header>;
    return {
      magic: headerBuf.readUInt8(0),
      opcode: headerBuf.readUInt8(1),
      keyLength: headerBuf.readUInt16BE(2),
      extrasLength: headerBuf.readUInt8(4),
      dataType: headerBuf.readUInt8(5),
      status: headerBuf.readUInt16BE(6),
      totalBodyLength: headerBuf.readUInt32BE(8),
      opaque: headerBuf.readUInt32BE(12),
      cas: headerBuf.subarray(16, HEADER_BYTES),
    };
  },

  /** The 24 bytes of a header; what is left out is 0. */
  toBuffer(header: Header): Buffer {
    const buffer = Buffer.alloc(HEADER_BYTES);
    buffer.writeUInt8(header.magic, 0);
    buffer.writeUInt8(header.opcode, 1);
    buffer.writeUInt16BE(header.keyLength, 2);
    buffer.writeUInt8(header.extrasLength, 4);
    buffer.writeUInt8(header.dataType ?? 0, 5);
    buffer.writeUInt16BE(header.status ?? 0, 6);
    buffer.writeUInt32BE(header.totalBodyLength, 8);
    buffer.writeUInt32BE((header.opaque ?? 0) >>> 0, 12);
    header.cas?.copy(buffer, 16, 0, 8);
    return buffer;
  },
};

/** What MemJS takes for a piece of a frame; anything that `Buffer.from` takes will do. */
export type Piece = string | Uint8Array;

/** A whole request frame. `opaque` is taken modulo 2^32. */
export function makeRequestBuffer(opcode: number, key: Piece, extras: Piece, value: Piece, opaque?: number): Buffer {
  const parts = [extras, key, value].map((piece) => (Buffer.isBuffer(piece) ? piece : Buffer.from(piece)));
  const [extrasBytes, keyBytes] = parts as [Buffer, Buffer, Buffer];
  const header = Header.toBuffer({
    magic: REQUEST_MAGIC,
    opcode,
    keyLength: keyBytes.length,
    extrasLength: extrasBytes.length,
    totalBodyLength: parts.reduce((sum, part) => sum + part.length, 0),
    opaque: opaque ?? 0,
  });
  return Buffer.concat([header, ...parts]);
}

/** The first frame in `dataBuf`, its parts being views of it; `false` where it is not whole yet, as MemJS has it. */
export function parseMessage(dataBuf: Buffer): Response {
  // @types/memjs declares the Response alone, and programs written for it must compile; MemJS answers `false` too.
  const incomplete = false as never;
  if (dataBuf.length < HEADER_BYTES) return incomplete;
  const header = Header.fromBuffer(dataBuf);
  const { keyLength, extrasLength, totalBodyLength } = header;
  if (dataBuf.length < totalBodyLength + HEADER_BYTES || totalBodyLength < keyLength + extrasLength) return incomplete;
  const keyAt = HEADER_BYTES + extrasLength;
  return {
    header,
    extras: dataBuf.subarray(HEADER_BYTES, keyAt),
    key: dataBuf.subarray(keyAt, keyAt + keyLength),
    val: dataBuf.subarray(keyAt + keyLength, HEADER_BYTES + totalBodyLength),
  };
}

/** The extras of a counter command: amount and initial value of 64 bits each, and the expiration in seconds. */
export function makeAmountInitialAndExpiration(
  amount: number | bigint,
  amountIfEmpty: number | bigint,
  expiration: number,
): Buffer {
  const buffer = Buffer.alloc(20);
  buffer.writeBigUInt64BE(BigInt(amount), 0);
  buffer.writeBigUInt64BE(BigInt(amountIfEmpty), 8);
  buffer.writeUInt32BE(expiration, 16);
  return buffer;
}

/** An expiration in seconds as extras. */
export function makeExpiration(expiration: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(expiration, 0);
  return buffer;
}
