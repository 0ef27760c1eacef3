/** The binary protocol's frame (memcached's `protocol-binary.txt`, "Packet structure"). */
export const REQUEST_MAGIC = 0x80;
export const RESPONSE_MAGIC = 0x81;
export const HEADER_BYTES = 24;

/** In a counter's expiration: do not create the counter when it is missing ("Increment, Decrement"). */
export const DO_NOT_CREATE = 0xffffffff;

/**
 * The largest body that is believed: memcached's items end at 1 GiB (`-I`), with a key and extras in front. A larger
 * length means that the stream is desynchronised.
 */
export const MAX_BODY_BYTES = 0x40000000 + 0x10000;

/** The largest body that is believed of anything but a value: texts, names and numbers. */
export const MAX_WORDS_BYTES = 1024 * 1024;

/** Opcodes whose success (SETQ, ADDQ, DELETEQ) or miss (GETQ) is not answered ("Command opcodes"). */
export const GETQ = 0x09;
export const SETQ = 0x11;
export const ADDQ = 0x12;
export const DELETEQ = 0x14;
