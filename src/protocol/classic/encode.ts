import { LONG_AGO } from '../limits.ts';
import { factsOf, Op } from '../op.ts';
import { isPlainKey, SPACE } from '../plain-key.ts';
import type { Output } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { SingleRequest } from '../single-request.ts';
import { encodeAdmin, encodeLine, encodeStorage, LINE_BYTES, notPlain } from '../text/encode.ts';
import { unsupported } from '../text/errors.ts';
import { checkValues, endLine, NOT_PLAIN, writeAscii, writeDecimal, writePlainKey } from '../text/write.ts';

/** So many keys always fit a line of 2048 bytes, which is what every server reads. */
export const KEYS_PER_LINE = 8;

const OTHERS = 'binary or meta';

/** Writes one request as a command line and, for a store, a data block (`protocol.txt`, "Commands"). */
export function encode(request: Request, output: Output): void {
  if (request.keys === undefined) encodeOne(request, request.op, output);
  else encodeBatch(request, request.keys, output);
}

function encodeOne(request: Request, op: Op, output: Output): void {
  switch (op) {
    case Op.Get:
      encodeKeyLine(request, request.returnCas ? 'gets ' : 'get ', output);
      break;
    case Op.GetAndTouch:
      encodeKeyLine(request, `${request.returnCas ? 'gats' : 'gat'} ${request.expiration} `, output);
      break;
    case Op.Touch:
      encodeNumberLine(request, 'touch ', request.expiration, output);
      break;
    case Op.Set:
    case Op.SetMulti:
    case Op.Add:
    case Op.AddMulti:
    case Op.Replace:
      refuseReturnCas(request);
      encodeStorage(request, output);
      break;
    case Op.Append:
    case Op.Prepend:
      refuseCas(request);
      encodeStorage(request, output);
      break;
    case Op.Delete:
    case Op.DeleteMulti:
      refuseCas(request);
      if (isNoreply(request.key)) encodeNumberLine(request, 'touch ', LONG_AGO, output);
      else encodeKeyLine(request, 'delete ', output);
      break;
    case Op.Increment:
    case Op.Decrement:
      refuseCas(request);
      if (request.initial !== null) throw unsupported('Counting with an initial value', OTHERS);
      encodeNumberLine(request, op === Op.Increment ? 'incr ' : 'decr ', request.amount, output);
      break;
    case Op.Noop:
      // There is none; every server and proxy answers this one.
      encodeLine(output, 'version');
      break;
    default:
      if (!encodeAdmin(request, output)) throw unsupported(factsOf(op).name, 'meta');
  }
}

/**
 * Whether a key is the word that asks for no response. memcached from 1.6.40 on takes it for that in a delete, where it
 * ends the line, so that it is deleted by an expiration in the past: twemproxy knows no delete with a number behind the
 * key.
 */
export function isNoreply(key: WireKey): boolean {
  return key.length === 7 && (typeof key === 'string' ? key : Buffer.from(key).toString('latin1')) === 'noreply';
}

function refuseCas(request: Request): void {
  if (request.cas !== undefined) throw unsupported('A CAS on anything but set, add and replace', OTHERS);
  refuseReturnCas(request);
}

function refuseReturnCas(request: Request): void {
  if (request.returnCas) throw unsupported('The CAS of an item that was not read', OTHERS);
}

/** A command that ends with its key. */
function encodeKeyLine(request: Request, command: string, output: Output): void {
  output.reserve(LINE_BYTES + request.key.length * 3);
  const { buffer } = output;
  const at = writePlainKey(buffer, request.key, writeAscii(buffer, command, output.position));
  if (at === NOT_PLAIN) throw notPlain(request.op);
  output.position = endLine(buffer, at);
}

/** A command of a key and a number. */
function encodeNumberLine(request: Request, command: string, value: number | bigint, output: Output): void {
  output.reserve(LINE_BYTES + request.key.length * 3);
  const { buffer } = output;
  const at = writePlainKey(buffer, request.key, writeAscii(buffer, command, output.position));
  if (at === NOT_PLAIN) throw notPlain(request.op);
  buffer[at] = SPACE;
  output.position = endLine(buffer, writeDecimal(buffer, value, at + 1));
}

/**
 * Reads several keys with one line, and has a `version` behind the lines, whose response ends theirs; stores and deletes
 * key by key, so that each has a response of its own.
 */
function encodeBatch(request: Request, keys: readonly WireKey[], output: Output): void {
  if (request.op === Op.GetMulti) {
    encodeGets(keys.filter(isPlainKey), request.returnCas, output);
    encodeLine(output, 'version');
  } else if (keys.some(isPlainKey)) encodeEach(request, keys, output);
  else encodeLine(output, 'version');
}

function encodeEach(request: Request, keys: readonly WireKey[], output: Output): void {
  const { stores } = request;
  checkValues(stores);
  const single = new SingleRequest(request);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as WireKey;
    if (!isPlainKey(key)) continue;
    single.aim(key, 0, stores?.[index]);
    encodeOne(single, request.op, output);
  }
}

function encodeGets(keys: readonly WireKey[], returnCas: boolean, output: Output): void {
  for (let first = 0; first < keys.length; first += KEYS_PER_LINE) {
    const line = keys.slice(first, first + KEYS_PER_LINE);
    output.reserve(line.reduce((sum, key) => sum + key.length * 3 + 1, LINE_BYTES));
    const { buffer } = output;
    let at = writeAscii(buffer, returnCas ? 'gets' : 'get', output.position);
    for (const key of line) {
      buffer[at] = SPACE;
      at = writePlainKey(buffer, key, at + 1);
    }
    // Alone, memcached's own proxy gives it no response.
    if (line.length === 1 && isNoreply(line[0] as WireKey)) at = writeAscii(buffer, ' noreply', at);
    output.position = endLine(buffer, at);
  }
}
