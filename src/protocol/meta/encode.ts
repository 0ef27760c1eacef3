import { wireValue } from '../large.ts';
import { Op } from '../op.ts';
import { isPlainKey, SPACE } from '../plain-key.ts';
import type { Output } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { SingleRequest } from '../single-request.ts';
import { encodeAdmin, encodeLine, encodeStorage, invalidKey, LINE_BYTES } from '../text/encode.ts';
import {
  checkValues,
  endLine,
  finishWithValue,
  NOT_PLAIN,
  valueBytes,
  valueRoom,
  writeAscii,
  writeDecimal,
  writePlainKey,
} from '../text/write.ts';

/** So many bytes fill 250 in base64, which is what the server counts. */
const MAX_ENCODED_KEY_BYTES = 186;

/**
 * A store this small fits any server: memcached's smallest limit (`-I`) is 1024 bytes for value, key and header. One
 * that does not fit makes `ms` delete the old item in every mode, which only a plain set may do.
 */
const SURELY_FITS_BYTES = 512;

/** memcached 1.6.45 with ASCII authentication hangs up on a shorter line, and its refusal is lost. */
const PADDED_NOOP = 'mn'.padEnd(24);

const M = 0x6d;
const A = 0x61;
const D = 0x64;
const G = 0x67;
const S = 0x73;
const LOWER_F = 0x66;
const LOWER_V = 0x76;
const UPPER_O = 0x4f;

/** Writes one request as a command line and, for a store, a data block (`protocol.txt`, "Meta Commands"). */
export function encode(request: Request, output: Output): void {
  const { op } = request;
  if (request.keys !== undefined) {
    encodeBatch(request, request.keys, output);
    return;
  }
  switch (op) {
    case Op.Get:
    case Op.GetIfChanged:
    case Op.GetMulti:
    case Op.GetAndTouch:
    case Op.Touch:
      encodeGet(request, op, output);
      break;
    case Op.Set:
    case Op.SetMulti:
    case Op.Add:
    case Op.AddMulti:
    case Op.Replace:
    case Op.Append:
    case Op.Prepend:
      encodeSet(request, op, output);
      break;
    case Op.Delete:
    case Op.DeleteMulti:
    case Op.Invalidate:
      encodeDelete(request, op, output);
      break;
    case Op.Increment:
    case Op.Decrement:
      encodeArithmetic(request, output);
      break;
    case Op.Inspect:
      encodeInspect(request, output);
      break;
    case Op.Noop:
      encodeLine(output, PADDED_NOOP);
      break;
    default:
      if (!encodeAdmin(request, output)) throw new TypeError(`Unknown op ${op}`);
  }
}

/**
 * One command for each key, all of them answered: an error has no opaque, so that only its place tells what it is
 * about.
 */
function encodeBatch(request: Request, keys: readonly WireKey[], output: Output): void {
  const { stores, opaque } = request;
  checkValues(stores);
  const single = new SingleRequest(request);
  let sent = 0;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as WireKey;
    if (!canSay(key)) continue;
    single.aim(key, (opaque + index) >>> 0, stores?.[index]);
    encode(single, output);
    sent++;
  }
  if (sent === 0) encodeLine(output, 'mn');
}

/** Whether the meta protocol has a form for a key. */
export function canSay(key: WireKey): boolean {
  return key.length * 3 <= MAX_ENCODED_KEY_BYTES || isPlainKey(key) || Buffer.from(key).length <= MAX_ENCODED_KEY_BYTES;
}

/** "Meta Get"; a touch is one that does not ask for the value. */
function encodeGet(request: Request, op: Op, output: Output): void {
  output.reserve(LINE_BYTES + request.key.length * 3);
  const { buffer } = output;
  let at = writeCommand(request.key, buffer, output.position, G);
  if (op !== Op.Touch) {
    // The value and its client flags.
    buffer[at] = SPACE;
    buffer[at + 1] = LOWER_V;
    buffer[at + 2] = SPACE;
    buffer[at + 3] = LOWER_F;
    at += 4;
  }
  if (op === Op.Touch || op === Op.GetAndTouch) {
    at = writeDecimal(buffer, request.expiration, writeAscii(buffer, ' T', at));
  }
  output.position = endLine(buffer, writeCommonFlags(request, buffer, at));
}

/** Asks for all that is known of an item but its value; `u` keeps the look itself from counting as a use. */
function encodeInspect(request: Request, output: Output): void {
  output.reserve(LINE_BYTES + request.key.length * 3);
  const { buffer } = output;
  const at = writeAscii(buffer, ' t s l h f c u', writeCommand(request.key, buffer, output.position, G));
  output.position = endLine(buffer, writeCommonFlags(request, buffer, at));
}

/** "Meta Set". Add and replace with a CAS are stores with a CAS, as the binary protocol has it. */
function encodeSet(request: Request, op: Op, output: Output): void {
  const { key, cas } = request;
  const value = wireValue(request.value ?? '');
  const length = valueBytes(value);
  if (length > SURELY_FITS_BYTES && isBetterClassic(request, op)) {
    encodeStorage(request, output);
    return;
  }
  output.reserve(LINE_BYTES + key.length * 3 + valueRoom(value, length));
  const { buffer } = output;
  const { position } = output;
  buffer[position] = M;
  buffer[position + 1] = S;
  buffer[position + 2] = SPACE;
  const keyAt = position + 3;
  const plainEnd = writePlainKey(buffer, key, keyAt);
  let at = plainEnd === NOT_PLAIN ? writeEncodedKey(buffer, key, keyAt) : plainEnd;
  buffer[at++] = SPACE;
  at = writeDecimal(buffer, length, at);
  if (plainEnd === NOT_PLAIN) at = writeAscii(buffer, ' b', at);
  if (request.flags !== 0) at = writeDecimal(buffer, request.flags, writeAscii(buffer, ' F', at));
  if (request.expiration !== 0) at = writeDecimal(buffer, request.expiration, writeAscii(buffer, ' T', at));
  const mode = cas === undefined || op === Op.Append || op === Op.Prepend ? MODES[op] : undefined;
  if (mode !== undefined) at = writeAscii(buffer, mode, at);
  finishWithValue(output, writeCommonFlags(request, buffer, at), value, length);
}

const MODES: Readonly<Partial<Record<Op, string>>> = {
  [Op.Add]: ' ME',
  [Op.AddMulti]: ' ME',
  [Op.Replace]: ' MR',
  [Op.Append]: ' MA',
  [Op.Prepend]: ' MP',
};

/** Whether the classic form does what `ms` would do and leaves the old item alone when the new one is too large. */
function isBetterClassic({ key, cas, returnCas }: Request, op: Op): boolean {
  if (op === Op.Set || op === Op.SetMulti || returnCas || !isPlainKey(key)) return false;
  return cas === undefined || op === Op.Add || op === Op.Replace;
}

/** "Meta Delete"; an invalidation is one that leaves the item there, marked as stale. */
function encodeDelete(request: Request, op: Op, output: Output): void {
  output.reserve(LINE_BYTES + request.key.length * 3);
  const { buffer } = output;
  let at = writeCommand(request.key, buffer, output.position, D);
  if (op === Op.Invalidate) {
    at = writeAscii(buffer, ' I', at);
    if (request.expiration !== 0) at = writeDecimal(buffer, request.expiration, writeAscii(buffer, ' T', at));
  }
  output.position = endLine(buffer, writeCommonFlags(request, buffer, at));
}

/** "Meta Arithmetic". `N` has the server create a missing counter; its 0 is "never expires", as everywhere. */
function encodeArithmetic(request: Request, output: Output): void {
  const { amount, initial } = request;
  output.reserve(LINE_BYTES + request.key.length * 3);
  const { buffer } = output;
  let at = writeCommand(request.key, buffer, output.position, A);
  at = writeAscii(buffer, request.op === Op.Increment ? ' v' : ' v MD', at);
  if (amount !== 1) at = writeDecimal(buffer, amount, writeAscii(buffer, ' D', at));
  if (initial !== null) {
    at = writeDecimal(buffer, request.expiration, writeAscii(buffer, ' N', at));
    at = writeDecimal(buffer, initial, writeAscii(buffer, ' J', at));
  }
  output.position = endLine(buffer, writeCommonFlags(request, buffer, at));
}

/** Writes command and key, and the flag that says so where the key is in base64. */
function writeCommand(key: WireKey, buffer: Buffer, position: number, letter: number): number {
  buffer[position] = M;
  buffer[position + 1] = letter;
  buffer[position + 2] = SPACE;
  const keyAt = position + 3;
  const end = writePlainKey(buffer, key, keyAt);
  return end === NOT_PLAIN ? writeAscii(buffer, ' b', writeEncodedKey(buffer, key, keyAt)) : end;
}

function writeEncodedKey(buffer: Buffer, key: WireKey, at: number): number {
  const bytes = Buffer.from(key);
  if (bytes.length > MAX_ENCODED_KEY_BYTES) {
    throw invalidKey(
      `a key with a space or a control character has at most ${MAX_ENCODED_KEY_BYTES} bytes in the meta protocol, but it has ${bytes.length}`,
    );
  }
  return writeAscii(buffer, bytes.toString('base64'), at);
}

/** The flags that any command may have: a CAS to compare with, what to return beside it, the opaque that comes back. */
function writeCommonFlags(request: Request, buffer: Buffer, position: number): number {
  let at = position;
  if (request.cas !== undefined) at = writeDecimal(buffer, request.cas, writeAscii(buffer, ' C', at));
  if (request.returnTimeLeft) at = writeAscii(buffer, ' t', at);
  // `md` has no CAS to tell.
  if (request.returnCas && request.op !== Op.Delete) at = writeAscii(buffer, ' c', at);
  buffer[at] = SPACE;
  buffer[at + 1] = UPPER_O;
  return writeDecimal(buffer, request.opaque, at + 2);
}
