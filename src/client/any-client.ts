import { invalidType } from '../errors.ts';
import type { Client } from './client.ts';
import type { Engine } from './engine.ts';

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

/** What is behind a client; throws `ERR_INVALID_ARGUMENT` for what is none. */
export function engineOf(client: AnyClient): Engine {
  const engine = (client as { engine?: unknown } | null)?.engine;
  if (typeof engine !== 'object' || engine === null) throw invalidType('client', 'a Client of memts', client);
  return engine as Engine;
}
