import { HEADER_BYTES, RESPONSE_MAGIC } from '../protocol/binary/constants.ts';
import { Opcode } from './wire/binary.ts';

/** Replies that begin like this are meta replies. */
const META = /^(HD|VA|EN|NF|NS|EX|MN|ME)[ \r]/;

const OPAQUE = / O([^ \r]*)([^ \r])(?=[ \r])/;

/** The reply with another opaque in it: in each binary response, or in the first line of a meta reply. */
export function changeOpaque(reply: Uint8Array): Uint8Array {
  const changed = Buffer.from(reply);
  if (changed[0] === RESPONSE_MAGIC) {
    for (let at = 0; at + HEADER_BYTES <= changed.length; at += HEADER_BYTES + changed.readUInt32BE(at + 8)) {
      changed.writeUInt32BE((changed.readUInt32BE(at + 12) ^ 0x5a5a_5a5a) >>> 0, at + 12);
    }
    return changed;
  }
  const end = changed.indexOf('\r\n');
  const line = changed.toString('latin1', 0, end + 1);
  if (end === -1 || !META.test(line)) return changed;
  const other = line.replace(OPAQUE, (_, head: string, last: string) => ` O${head}${last === '0' ? '1' : '0'}`);
  changed.write(other, 0, 'latin1');
  return changed;
}

/** A well-formed reply that nobody asked for, of the same protocol as this one. */
export function strayReply(reply: Buffer): Uint8Array {
  if (reply[0] !== RESPONSE_MAGIC) {
    return Buffer.from(META.test(reply.toString('latin1', 0, 3)) ? 'HD\r\n' : 'STORED\r\n');
  }
  const response = Buffer.alloc(HEADER_BYTES);
  response[0] = RESPONSE_MAGIC;
  response[1] = Opcode.Noop;
  response.writeUInt32BE(0xffff_ffff, 12);
  return response;
}
