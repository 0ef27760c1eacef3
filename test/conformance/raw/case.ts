import type { VersionName } from '../../support/memcacheds.ts';

/** What a server sends back, and whether it closes the connection then. */
export interface Answer<Reply> {
  expect: Reply;
  closes?: boolean | undefined;
}

/** Something that is sent on a fresh connection, and all that comes back from memcached 1.6.45. */
export interface Case<Bytes, Reply> extends Answer<Reply> {
  name: string;
  send: Bytes;
  /** No no-op may be sent behind it to find its end. */
  fence?: boolean;
  /** What older versions answer: one of them and those before it, down to the next that is named. */
  upTo?: Partial<Record<VersionName, Reply | Answer<Reply>>>;
  /** What MemoryServer answers, where memcached loses replies. */
  ours?: Reply;
}

/** Both sides are latin1. A pattern stands where there are numbers that differ from run to run, `<version>` for the server's own. */
export type RawCase = Case<string, string | RegExp>;

/** Binary frames, and the responses as `transcript` tells them. */
export type BinaryCase = Case<readonly Buffer[], readonly string[]>;

/** What a server of this version answers, or MemoryServer without one. */
export function answerOf<Reply extends RawCase['expect'] | BinaryCase['expect']>(
  raw: Case<unknown, Reply>,
  version: string | undefined,
): Answer<Reply> {
  const { expect, closes, upTo = {}, ours } = raw;
  if (version === undefined) return { ...raw, expect: ours ?? expect };
  const named = Object.entries(upTo).filter(([name]) => release(name) >= release(version));
  const [nearest] = named.sort(([a], [b]) => release(a) - release(b));
  if (nearest === undefined) return { expect, closes };
  return isAnswer(nearest[1]) ? nearest[1] : { expect: nearest[1], closes };
}

function isAnswer<Reply>(given: Reply | Answer<Reply>): given is Answer<Reply> {
  return typeof given === 'object' && given !== null && 'expect' in given;
}

/** The last part of `1.6.x`. */
function release(version: string): number {
  return Number(version.split('.')[2]);
}

export const KEY_250 = 'k'.repeat(250);
export const KEY_251 = 'k'.repeat(251);

/** The longest value that fits with a key of one byte and no flags: 1 MB less memcached's overhead. */
export const LARGEST = 1024 * 1024 - 48 - 2 - 8 - 2;

export const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
