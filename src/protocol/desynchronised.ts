import { MemcacheError } from '../errors.ts';

/** memcached says this in text, whatever the connection's protocol, when it is full. */
const FULL_SERVER = 'ERROR Too many open connections';

/** The stream can't be read any further. `found` is memts's own text: no byte of the stream may get into a message. */
export function desynchronised(found: string): MemcacheError {
  return new MemcacheError('ERR_PROTOCOL', `The stream from the server is desynchronised: ${found}`);
}

/**
 * What becomes of bytes that are no response: a full server's refusal is reported as such, all else is a desynchronised
 * stream.
 */
export function notAResponse(bytes: Uint8Array, start: number, end: number, found: string): MemcacheError {
  if (!beginsWith(bytes, start, end, FULL_SERVER)) return desynchronised(found);
  return new MemcacheError('ERR_CONNECT', 'The server has too many open connections');
}

/** Whether the bytes from `start` to `end` begin with a text of ASCII. */
export function beginsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  const { length } = text;
  if (end - start < length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}
