/**
 * The numbers of a cache. In a module of their own they are put in where they are used, whatever bundles them; constants
 * beside what uses them would each be a variable.
 */

/** How soon a key has to be asked for again to be hot, in milliseconds. */
export const HOT = 10_000;

/** How many keys are known on the wire besides those of what is kept in memory. */
export const SPARE_WIRES = 10_000;

/** What an entry in memory takes besides its bytes. */
export const ENTRY_OVERHEAD = 300;

/** How often a set is tried against other processes that write the same key. */
export const SET_ATTEMPTS = 20;

/** How long the stub of a set lives whose process dies, in seconds. */
export const STUB_LIFE = 1;

/** How much longer than their index parts live, in seconds. */
export const PARTS_LONGER = 60;

/** A longer namespace is a digest in keys, so that something is left for what is in it. */
export const LONGEST_NAMESPACE = 100;

/** How much of a long text stays readable in front of its digest, in bytes. */
export const HEAD_BYTES = 40;

/** A read asks for each tag of its value. */
export const MOST_TAGS = 100;

/** How often a version that others delete as soon as it is there is added again. */
export const VERSION_ATTEMPTS = 5;

/** How many versions before the one of now are remembered: what was not made again in that many soft invalidations is gone. */
export const MOST_PREVIOUS = 8;

/** `partSize` and `maxBytes` where they are left out: 1 KB below memcached's own item size, and 64 MB. */
export const PART_SIZE = 1_047_552;
export const MAX_BYTES = 67_108_864;

/** How much of a value is on its way at a time, in bytes and in parts: each command has its `timeout` for few bytes. */
export const BYTES_AHEAD = 4_194_304;
export const PARTS_AHEAD = 256;
