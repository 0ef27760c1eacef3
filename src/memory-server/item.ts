/** Marks on an item; several may be set. */
export const Mark = {
  /** Fetched at least once. */
  Fetched: 1,
  /** Fetched at least twice, so that the time of its last access counts. */
  Active: 2,
  /** Invalidated: still served, but as stale. */
  Stale: 4,
  /** Some client has won the right to recache it. */
  TokenSent: 8,
  /** Its key came in base64 and goes out in base64. */
  BinaryKey: 16,
} as const;

/** What memcached's own header of an item takes, without key, client flags, CAS and value. */
const HEADER_BYTES = 48;
const CAS_BYTES = 8;
const FLAGS_BYTES = 4;

/** What an item of these lengths counts for, by memcached's measure: header, key with its end, CAS, value with CRLF. */
export function itemSize(keyLength: number, flags: number, valueLength: number): number {
  return HEADER_BYTES + keyLength + 1 + CAS_BYTES + (flags === 0 ? 0 : FLAGS_BYTES) + valueLength + 2;
}

/** The replies of one batch, which keep a hold of the items in them until they are sent. */
export interface Batch {
  sent: boolean;
}

/**
 * One item. Key and value are strings of one character a byte (latin1): compact on V8's heap, cheap to compare and to
 * copy to a socket's buffer.
 */
export class Item {
  readonly key: string;
  readonly flags: number;
  readonly size: number;
  value: string;
  /** Of how many strings the value was put together since it was last one flat string. */
  pieces = 0;
  /** When it expires, in seconds of the store's clock; 0 never. */
  expiration: number;
  /** When it was stored or last accessed, in seconds of the store's clock. */
  time = 0;
  cas = 0n;
  /** How many items the store had taken in when this one came, itself included. */
  number = 0;
  marks = 0;
  /** The last batch of replies that this item is in. */
  batch: Batch | undefined = undefined;
  /** Its neighbours in the LRU list: `newer` was used more recently. */
  newer: Item | undefined = undefined;
  older: Item | undefined = undefined;

  constructor(key: string, value: string, flags: number, expiration: number) {
    this.key = key;
    this.value = value;
    this.flags = flags;
    this.expiration = expiration;
    this.size = itemSize(key.length, flags, value.length);
  }
}
