import type { WireValue } from '../protocol/request.ts';
import type { Key } from './keys.ts';

/**
 * One call of a command, as the tracing channel `memts:command` tells of it: the same object in all its events, filled
 * in as things become known. Whatever does not apply, or is not known yet, is `undefined`.
 */
export interface CommandTrace {
  /** The method that was called: `get`, `set`, `getMulti` and so on. */
  readonly command: string;
  /** How many distinct keys it is about; of an iterable that is no array, Set or Map not before the end. */
  keyCount: number;
  /** The server that it was sent to last, as `host:port` or the path of a unix socket; none where there are several. */
  server: string | undefined;
  /** How often it was sent; where it is made of several requests, the one that was sent most; of `update`, the rounds. */
  attempts: number | undefined;
  /** Of a read: whether the key was there; of many keys, whether all were. */
  hit: boolean | undefined;
  /** Of `getMulti`: how many keys were there. */
  hits: number | undefined;
  /** Of many keys: how many failed, so that it is not known whether they were there. */
  failed: number | undefined;
  /** The size of the values that were sent or received, as they are on the wire. */
  bytes: number | undefined;
  /** What it ended with. */
  error: unknown;
  /** The key, and the keys of a command for many. Only with the client's option `traceKeys`. */
  key: Key | undefined;
  keys: readonly Key[] | undefined;
}

/** A trace of which nothing more is known. */
export function newTrace(command: string, keyCount: number): CommandTrace {
  return {
    command,
    keyCount,
    server: undefined,
    attempts: undefined,
    hit: undefined,
    hits: undefined,
    failed: undefined,
    bytes: undefined,
    error: undefined,
    key: undefined,
    keys: undefined,
  };
}

/** Adds a value that was sent or received. */
export function addBytes(trace: CommandTrace, value: WireValue): void {
  trace.bytes = (trace.bytes ?? 0) + Buffer.byteLength(value);
}
