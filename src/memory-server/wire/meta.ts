import { MAX_KEY_BYTES } from '../../protocol/limits.ts';
import { readInt32, readUint32, readUint64 } from './numbers.ts';

/**
 * The server's side of the meta protocol (memcached's `doc/protocol.txt`, "Meta Commands"): the flags of a command
 * line read, reply lines put together.
 */

/** More words than this in a line, its command and key included, are refused. */
const MOST_WORDS = 20;

/** An opaque with its `O` may not be longer. */
const MAX_OPAQUE = 32;

export const BAD_LINE = 'CLIENT_ERROR bad command line format';
const TOO_MANY_WORDS = 'CLIENT_ERROR options flags are too long';
const BAD_TOKEN = 'CLIENT_ERROR bad token in command line format';
export const OPAQUE_TOO_LONG = 'CLIENT_ERROR opaque token too long';

/** What the flags of one command say, all of them together; each command follows those that it knows. */
export interface MetaFlags {
  /** The words behind the key (and behind the length of `ms`), in their order. */
  words: readonly string[];
  /** The key as raw bytes, decoded where `b` says so. */
  key: string;
  /** `b`: the key came in base64. */
  binaryKey: boolean;
  /** `q`: nothing is said where nothing went wrong. */
  quiet: boolean;
  /** `v` */
  value: boolean;
  /** `u`: the fetch does not count as one. */
  noBump: boolean;
  /** `I` */
  invalidate: boolean;
  /** `x`: remove the value, keep the item. */
  removeValue: boolean;
  /** `M`: a mode's letter, '' where there is none behind it; undefined for the command's own mode. */
  mode: string | undefined;
  /** `T`, `N` and `R` as sent. */
  ttl: number | undefined;
  vivify: number | undefined;
  recache: number | undefined;
  /** `F` */
  clientFlags: number;
  /** `C` */
  cas: bigint | undefined;
  /** `E` */
  newCas: bigint | undefined;
  /** `D` and `J` */
  delta: bigint;
  initial: bigint;
  /** Whether some `O` is too long; said only after other faults. */
  opaqueTooLong: boolean;
}

/** Whether these words can be flags at all: a letter, a digit or one of `[\]^_\`` stands first. */
export function lookLikeFlags(words: readonly string[], from: number): boolean {
  for (let i = from; i < words.length; i++) {
    const first = (words[i] as string).charCodeAt(0);
    if (first < 0x30 || first > 0x7a || (first > 0x39 && first < 0x41)) return false;
  }
  return true;
}

/**
 * Reads key and flags of a line, of which the flags begin at word `from`. The result is a text when one of them is
 * faulty: the reply line that memcached gives. As there, a number that can't be read is found out only after all flags
 * have been looked at, and the last such fault is the one that is reported; an unknown or repeated flag is reported at
 * once.
 */
export function readFlags(line: readonly string[], from: number): MetaFlags | string {
  const key = line[1] as string;
  if (key.length > MAX_KEY_BYTES) return BAD_LINE;
  if (line.length > MOST_WORDS) return TOO_MANY_WORDS;
  const words = line.slice(from);
  const flags: MetaFlags = {
    words,
    key,
    binaryKey: false,
    quiet: false,
    value: false,
    noBump: false,
    invalidate: false,
    removeValue: false,
    mode: undefined,
    ttl: undefined,
    vivify: undefined,
    recache: undefined,
    clientFlags: 0,
    cas: undefined,
    newCas: undefined,
    delta: 1n,
    initial: 0n,
    opaqueTooLong: false,
  };
  let fault: string | undefined;
  let seen = '';
  for (const word of words) {
    const flag = word[0] as string;
    if (seen.includes(flag)) return 'CLIENT_ERROR duplicate flag';
    seen += flag;
    const found = readFlag(flags, flag, word);
    if (found === UNKNOWN_FLAG) return found;
    // Bad client flags have no text of their own: they leave the one of another fault.
    fault = found === BAD_LINE ? (fault ?? found) : (found ?? fault);
  }
  return fault ?? flags;
}

const UNKNOWN_FLAG = 'CLIENT_ERROR invalid flag';

/** Reads one flag into `flags`; returns what is wrong with it. */
function readFlag(flags: MetaFlags, flag: string, word: string): string | undefined {
  switch (flag) {
    case 'v':
      flags.value = true;
      return undefined;
    case 'q':
      flags.quiet = true;
      return undefined;
    case 'u':
      flags.noBump = true;
      return undefined;
    case 'I':
      flags.invalidate = true;
      return undefined;
    case 'x':
      flags.removeValue = true;
      return undefined;
    case 'O':
      if (word.length > MAX_OPAQUE) flags.opaqueTooLong = true;
      return undefined;
    // Asked for in the reply, or meant for a proxy.
    case 'c':
    case 'f':
    case 'h':
    case 'k':
    case 'l':
    case 's':
    case 't':
    case 'L':
    case 'P':
      return undefined;
    case 'b':
      return readBinaryKey(flags);
    case 'M':
      flags.mode = word.charAt(1);
      return undefined;
    default:
      return readNumber(flags, flag, word.slice(1));
  }
}

/** Reads one of the flags that carry a number. */
function readNumber(flags: MetaFlags, flag: string, token: string): string | undefined {
  switch (flag) {
    case 'T':
      flags.ttl = readInt32(token);
      return flags.ttl === undefined ? BAD_TOKEN : undefined;
    case 'N':
      flags.vivify = readInt32(token);
      return flags.vivify === undefined ? BAD_TOKEN : undefined;
    case 'R':
      flags.recache = readInt32(token);
      return flags.recache === undefined ? BAD_TOKEN : undefined;
    case 'F': {
      const value = readUint32(token);
      flags.clientFlags = value ?? 0;
      return value === undefined ? BAD_LINE : undefined;
    }
    case 'C':
      flags.cas = readUint64(token);
      return flags.cas === undefined ? BAD_TOKEN : undefined;
    case 'E':
      flags.newCas = readUint64(token);
      return flags.newCas === undefined ? BAD_TOKEN : undefined;
    case 'D': {
      const value = readUint64(token);
      flags.delta = value ?? 0n;
      return value === undefined ? 'CLIENT_ERROR invalid numeric delta value' : undefined;
    }
    case 'J': {
      const value = readUint64(token);
      flags.initial = value ?? 0n;
      return value === undefined ? 'CLIENT_ERROR invalid numeric initial value' : undefined;
    }
    default:
      return UNKNOWN_FLAG;
  }
}

function readBinaryKey(flags: MetaFlags): string | undefined {
  const decoded = decodeKey(flags.key);
  flags.binaryKey = true;
  if (decoded === undefined) return 'CLIENT_ERROR error decoding key';
  flags.key = decoded;
  return undefined;
}

/**
 * A base64 key as raw bytes; undefined where memcached would not decode it. Characters that are none of base64's are
 * passed over there, and what stands behind the padding is not looked at.
 */
export function decodeKey(text: string): string | undefined {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, '');
  if (digits === '' || digits.length % 4 !== 0) return undefined;
  const padding = digits.indexOf('=');
  const used = padding === -1 ? digits : digits.slice(0, padding - (padding % 4) + 4);
  const filled = used.split('=').length - 1;
  if (filled > 2) return undefined;
  // A `=` in the middle of the last four stands for 0, which `A` is.
  const bytes = Buffer.from(used.replaceAll('=', 'A'), 'base64');
  return bytes.toString('latin1', 0, bytes.length - filled);
}

/** A raw key in base64. */
export function encodeKey(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}

/** The key as the `k` flag brings it back, with the `b` that says so where it is in base64. */
export function keyToken(key: string, binaryKey: boolean): string {
  return binaryKey ? ` k${encodeKey(key)} b` : ` k${key}`;
}

/** What `O` and `k` bring back, in their order; all that a reply without an item has. */
export function echoed(flags: MetaFlags): string {
  let reply = '';
  for (const word of flags.words) {
    if (word[0] === 'O') reply += ` ${word}`;
    else if (word[0] === 'k') reply += keyToken(flags.key, flags.binaryKey);
  }
  return reply;
}
