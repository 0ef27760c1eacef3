/**
 * Up to this many seconds an expiration counts from now, past it it is a Unix time (`protocol.txt`, "Expiration times").
 */
export const MAX_RELATIVE = 60 * 60 * 24 * 30;

/** The last second that every protocol and server can say: 31 bits. */
export const LAST_SECOND = 0x7fffffff;

/** A Unix time: the first number of seconds that is taken for one, so that what has it is gone at once. */
export const LONG_AGO = MAX_RELATIVE + 1;
