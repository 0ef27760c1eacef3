import { MAX_ITEM_BYTES, MAX_UINT32 } from '../limits.ts';

/** The binary protocol's frame (memcached's `protocol-binary.txt`, "Packet structure"). */
export const REQUEST_MAGIC = 0x80;
export const RESPONSE_MAGIC = 0x81;
export const HEADER_BYTES = 24;

/** In a counter's expiration: do not create the counter when it is missing ("Increment, Decrement"). */
export const DO_NOT_CREATE = MAX_UINT32;

/** The largest body that is believed: that of the largest item, with a key and extras in front. */
export const MAX_BODY_BYTES = MAX_ITEM_BYTES + 0x10000;

/** The largest body that is believed of anything but a value: texts, names and numbers. */
export const MAX_WORDS_BYTES = 1024 * 1024;

/** Opcodes whose success (SETQ, ADDQ, DELETEQ) or miss (GETQ) is not answered ("Command opcodes"). */
export const GETQ = 0x09;
export const SETQ = 0x11;
export const ADDQ = 0x12;
export const DELETEQ = 0x14;
