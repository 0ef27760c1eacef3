import { MemcacheError } from '../../errors.ts';
import { beginsWith, desynchronised, notAResponse } from '../desynchronised.ts';
import { Op } from '../op.ts';
import type { Reply } from '../request.ts';
import { Status } from '../status.ts';
import { copyOut } from '../value-pool.ts';

const ERROR = 'ERROR';
const CLIENT_ERROR = 'CLIENT_ERROR';
const SERVER_ERROR = 'SERVER_ERROR';

/** What memcached says to a client, and the status that the binary protocol has for the same. */
const CLIENT_ERRORS: ReadonlyMap<string, Status> = new Map([
  ['unauthenticated', Status.AuthError],
  ['authentication failure', Status.AuthError],
  // To a store without a login before it, which the server takes for one.
  ['bad authentication token format', Status.AuthError],
  ['cannot increment or decrement non-numeric value', Status.NonNumeric],
  ['flush_all not allowed', Status.FlushOff],
  ['usage: stats detail on|off|dump', Status.Miss],
]);

/**
 * Reads an error line (`protocol.txt`, "Error strings") into `reply`: the status is the one that the binary protocol
 * has for the same, the whole line goes into the value. False when the line is no error line. Throws `ERR_CONNECT` when the
 * server is full.
 */
export function readError(op: Op, bytes: Buffer, start: number, end: number, reply: Reply): boolean {
  if (isError(bytes, start, end, ERROR)) {
    if (end - start > ERROR.length) refuseFullServer(bytes, start, end);
    // The binary protocol takes an unknown group of statistics for a key that is not there.
    reply.reset(op === Op.Stat ? Status.Miss : Status.UnknownCommand);
  } else if (isError(bytes, start, end, CLIENT_ERROR)) {
    reply.reset(op === Op.TextAuth ? Status.AuthError : clientStatus(textAfter(bytes, start, end, CLIENT_ERROR)));
  } else if (isError(bytes, start, end, SERVER_ERROR)) {
    reply.reset(serverStatus(textAfter(bytes, start, end, SERVER_ERROR)));
  } else {
    return false;
  }
  reply.value = copyOut(bytes, start, end);
  return true;
}

/** Refuses a line that nobody waits for. */
export function unasked(bytes: Buffer, start: number, end: number): MemcacheError {
  return notAResponse(bytes, start, end, 'a response came that nothing was waiting for');
}

function refuseFullServer(bytes: Buffer, start: number, end: number): void {
  const error = notAResponse(bytes, start, end, '');
  if (error.code === 'ERR_CONNECT') throw error;
}

/** Whether a line is this error, alone or with a text. */
function isError(bytes: Buffer, start: number, end: number, word: string): boolean {
  if (!beginsWith(bytes, start, end, word)) return false;
  return end - start === word.length || bytes[start + word.length] === 0x20;
}

function textAfter(bytes: Buffer, start: number, end: number, word: string): string {
  return bytes.toString('latin1', Math.min(end, start + word.length + 1), end);
}

function clientStatus(text: string): Status {
  return CLIENT_ERRORS.get(text) ?? (isTooLarge(text) ? Status.TooLarge : Status.InvalidArguments);
}

function serverStatus(text: string): Status {
  if (isTooLarge(text)) return Status.TooLarge;
  return text.slice(0, 13).toLowerCase() === 'out of memory' ? Status.OutOfMemory : Status.InternalError;
}

function isTooLarge(text: string): boolean {
  return text.startsWith('object too large');
}

/** What a protocol can't say, and which one can. */
export function unsupported(what: string, protocols: string): MemcacheError {
  return new MemcacheError('ERR_UNSUPPORTED', `${what} needs the ${protocols} protocol`);
}

/** A line that is no response to the head of the queue. */
export function unexpected(): MemcacheError {
  return desynchronised('a response to another command came');
}
