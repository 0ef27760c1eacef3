import { InvalidArgumentError } from 'commander';

/** Readers of arguments and options: what they throw is a usage error that names the option. */

/** To memcached an expiration over 30 days is a Unix time. */
export const MAX_RELATIVE = 2_592_000;

const LARGEST_COUNTER = 0xffffffffffffffffn;
/** The last second that a Unix time of 32 bits can tell. */
const LATEST = 0x7fffffff;
const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A whole number within bounds. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    const bounds = maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum} on` : `from ${minimum} to ${maximum}`;
    throw new InvalidArgumentError(`Expected a whole number ${bounds}.`);
  };
}

/** A number of 64 bits. */
export function counter(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= LARGEST_COUNTER) return BigInt(text);
  throw new InvalidArgumentError('Expected a whole number from 0 to 2^64 - 1.');
}

/** A number of seconds above 0, a part of one allowed. */
export function seconds(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0 && value <= 2_147_483) return value;
  throw new InvalidArgumentError('Expected a number of seconds above 0.');
}

/** A time, in seconds: a number of these, or one with s, m, h or d. */
export function duration(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([smhd]?)$/.exec(text) ?? [];
  const value = Number(digits) * (SECONDS[unit] ?? Number.NaN);
  if (value <= LATEST) return value;
  throw new InvalidArgumentError('Expected seconds, or a number with s, m, h or d.');
}

/** An expiration as memcached takes it. A bare number is the client's own: from 1,000,000,000 on it is a Unix time. */
export function expiration(text: string): number {
  const value = duration(text);
  // 90d are ninety days from now, not a day in 1970, which would end the item at once.
  if (value <= MAX_RELATIVE || /\d$/.test(text)) return value;
  const end = Math.floor(Date.now() / 1000) + value;
  if (end <= LATEST) return end;
  throw new InvalidArgumentError('Expected a time that ends before 2038.');
}

/** A size: bytes, or a number with k, m or g. */
export function bytes(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)b?$/i.exec(text) ?? [];
  const value = Number(digits) * (BYTES[unit.toLowerCase()] ?? Number.NaN);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Expected bytes, or a number with k, m or g.');
}

/** A share from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

/** A regular expression. */
export function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new InvalidArgumentError('Expected a regular expression.');
  }
}
