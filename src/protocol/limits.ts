/** The longest key that memcached takes, in bytes (its `KEY_MAX_LENGTH`; `protocol.txt`, "Keys"). */
export const MAX_KEY_BYTES = 250;

/** The largest item that memcached can be set to take (`-I`): 1 GiB. */
export const MAX_ITEM_BYTES = 2 ** 30;

/** The longest data block that a text command can announce; a longer one is taken for a bad command line. */
export const MAX_BLOCK_BYTES = 0x7fffffff - 2;

/** The largest client flags, and the largest opaque. */
export const MAX_UINT32 = 0xffffffff;

/** The largest counter, amount and CAS. */
export const MAX_UINT64 = 0xffffffffffffffffn;

/**
 * Up to this many seconds an expiration counts from now, past it it is a Unix time (`protocol.txt`, "Expiration times").
 */
export const MAX_RELATIVE = 60 * 60 * 24 * 30;

/** The last second that every protocol and server can say: 31 bits. */
export const LAST_SECOND = 0x7fffffff;

/** A Unix time: the first number of seconds that is taken for one, so that what has it is gone at once. */
export const LONG_AGO = MAX_RELATIVE + 1;
