import { invalidArgument } from '../../errors.ts';
import { HEADER_BYTES } from './constants.ts';

/** GETQ, GETKQ, the other quiet opcodes, GATQ and GATKQ (`protocol-binary.txt`, "Command opcodes"). */
const QUIET_OPCODES = new Set([0x09, 0x0d, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1e, 0x24]);

/** Checks a frame that the caller built; throws `ERR_INVALID_ARGUMENT`. */
export function checkFrame(frame: unknown): asserts frame is Buffer {
  if (!Buffer.isBuffer(frame) || frame.length < HEADER_BYTES || frame.readUInt32BE(8) !== frame.length - HEADER_BYTES) {
    throw invalidArgument('request', 'expected a Buffer with one whole binary frame');
  }
  if (QUIET_OPCODES.has(frame[1] as number)) {
    throw invalidArgument(
      'request',
      'a quiet opcode has no response of its own to wait for; use the command that is not quiet',
    );
  }
}

/** The opaque of a frame. */
export function opaqueOf(frame: Buffer): number {
  return frame.readUInt32BE(12);
}
