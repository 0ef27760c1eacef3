/**
 * Up to this many seconds an expiration counts from now, past it it is a Unix time (`protocol.txt`, "Expiration times").
 */
export const LONGEST_RELATIVE = 60 * 60 * 24 * 30;
