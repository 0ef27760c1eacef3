import { MemcacheError } from '../../errors.ts';
import { wireValue } from '../large.ts';
import { Op } from '../op.ts';
import { SPACE } from '../plain-key.ts';
import type { Output } from '../protocol.ts';
import type { Request, WireKey } from '../request.ts';
import { unsupported } from './errors.ts';
import {
  endLine,
  finishWithValue,
  NOT_PLAIN,
  valueBytes,
  valueRoom,
  writeAscii,
  writeDecimal,
  writePlainKey,
} from './write.ts';

/** What a line takes beside its keys and values: the words, and numbers of at most 20 digits. */
export const LINE_BYTES = 160;

/** A line of one word. */
export function encodeLine(output: Output, text: string): void {
  output.reserve(text.length + 2);
  output.position = endLine(output.buffer, writeAscii(output.buffer, text, output.position));
}

/** A key that the protocol can't say. */
export function invalidKey(found: string): MemcacheError {
  return new MemcacheError('ERR_INVALID_KEY', `Invalid key: ${found}`);
}

/**
 * A storage command in the classic form (`protocol.txt`, "Storage commands"), which the meta protocol's servers know
 * too. A store with a CAS is `cas`, whatever the op: so the binary protocol has it.
 */
export function encodeStorage(request: Request, output: Output): void {
  const { cas } = request;
  const value = wireValue(request.value ?? '');
  const length = valueBytes(value);
  output.reserve(LINE_BYTES + request.key.length * 3 + valueRoom(value, length));
  const { buffer, position } = output;
  const word = cas === undefined ? (STORAGE_WORDS[request.op] as string) : 'cas ';
  let at = writePlainKey(buffer, request.key, writeAscii(buffer, word, position));
  if (at === NOT_PLAIN) throw notPlain(request.op);
  buffer[at++] = SPACE;
  at = writeDecimal(buffer, request.flags, at);
  buffer[at++] = SPACE;
  at = writeDecimal(buffer, request.expiration, at);
  buffer[at++] = SPACE;
  at = writeDecimal(buffer, length, at);
  if (cas !== undefined) {
    buffer[at++] = SPACE;
    at = writeDecimal(buffer, cas, at);
  }
  finishWithValue(output, at, value, length);
}

const STORAGE_WORDS: Readonly<Partial<Record<Op, string>>> = {
  [Op.Set]: 'set ',
  [Op.SetMulti]: 'set ',
  [Op.Add]: 'add ',
  [Op.AddMulti]: 'add ',
  [Op.Replace]: 'replace ',
  [Op.Append]: 'append ',
  [Op.Prepend]: 'prepend ',
  // "Authentication": a set of which only the data counts.
  [Op.TextAuth]: 'set ',
};

/** A key that can't be sent, because a text line would end at one of its bytes. */
export function notPlain(op: Op): MemcacheError {
  if (op === Op.TextAuth) {
    return new MemcacheError('ERR_AUTH', 'A user name with a space or control character can not log in over text');
  }
  return invalidKey(
    'it holds a space or a control character, which the classic protocol has no form for: it needs the binary or meta protocol',
  );
}

/** The commands without a key, which are the same in both text protocols; false for any other. */
export function encodeAdmin(request: Request, output: Output): boolean {
  switch (request.op) {
    case Op.Flush:
      encodeLine(output, request.expiration === 0 ? 'flush_all' : `flush_all ${request.expiration}`);
      return true;
    case Op.Stat:
      encodeStat(request.key, output);
      return true;
    case Op.Version:
      encodeLine(output, 'version');
      return true;
    case Op.Quit:
      encodeLine(output, 'quit');
      return true;
    case Op.TextAuth:
      encodeStorage(request, output);
      return true;
    case Op.SaslList:
    case Op.SaslAuth:
      throw unsupported('SASL', 'binary');
    case Op.Raw:
      throw unsupported('perform', 'binary');
    default:
      return false;
  }
}

/** `stats` or `stats <group>`; a group may be of several words. */
function encodeStat(group: WireKey, output: Output): void {
  const text = Buffer.from(group).toString('latin1');
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < SPACE || unit === 0x7f) throw invalidKey('it holds a control character');
  }
  // memcached answers these with a line and no end, so that nobody knows when the response is over.
  if (/^\s*sizes_(en|dis)able\b/.test(text)) throw unsupported('This group of statistics', 'binary');
  encodeLine(output, text === '' ? 'stats' : `stats ${text}`);
}
