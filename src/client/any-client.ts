import type { Client } from './client.ts';

/**
 * A client with any serializer, as a function wants it that works with every client: `Client` alone is one without a
 * serializer. What such a function stores has to be of a type that the client's serializer takes.
 */
export type AnyClient = Pick<
  Client<never, unknown>,
  | 'get'
  | 'getAndTouch'
  | 'getMulti'
  | 'set'
  | 'setMulti'
  | 'add'
  | 'replace'
  | 'append'
  | 'prepend'
  | 'delete'
  | 'deleteMulti'
  | 'increment'
  | 'decrement'
  | 'touch'
  | 'flush'
  | 'quit'
  | 'close'
>;
