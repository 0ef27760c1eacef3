import { Op } from '../op.ts';
import type { Reply } from '../request.ts';
import { Status } from '../status.ts';
import { copyOut } from '../value-pool.ts';
import { isText, wordEnd } from './decoder.ts';

/**
 * The one-word responses (`protocol.txt`, "Storage commands", "Deletion", "Touch") by what they are a response to, as the
 * statuses that the binary protocol has for the same.
 */
const WORDS: Readonly<Partial<Record<Op, Readonly<Record<string, Status>>>>> = {
  [Op.Set]: storage(Status.NotStored),
  [Op.Add]: storage(Status.Exists),
  [Op.Replace]: storage(Status.Miss),
  [Op.Append]: { STORED: Status.Ok, NOT_STORED: Status.NotStored },
  [Op.Prepend]: { STORED: Status.Ok, NOT_STORED: Status.NotStored },
  [Op.Delete]: { DELETED: Status.Ok, NOT_FOUND: Status.Miss },
  [Op.Increment]: { NOT_FOUND: Status.Miss },
  [Op.Decrement]: { NOT_FOUND: Status.Miss },
  [Op.Touch]: { TOUCHED: Status.Ok, NOT_FOUND: Status.Miss },
  [Op.Flush]: { OK: Status.Ok },
  [Op.TextAuth]: { STORED: Status.Ok },
  // `stats reset`, `stats detail on`, and the end of a list.
  [Op.Stat]: { RESET: Status.Ok, OK: Status.Ok, END: Status.Ok },
};

/** `EXISTS` and `NOT_FOUND` answer a `cas`. */
function storage(notStored: Status): Readonly<Record<string, Status>> {
  return { STORED: Status.Ok, NOT_STORED: notStored, EXISTS: Status.Exists, NOT_FOUND: Status.Miss };
}

/** The status that a one-word response stands for; undefined for any other to this op. */
export function wordStatus(op: Op, bytes: Buffer, start: number, end: number): Status | undefined {
  const words = WORDS[op];
  for (const word in words) {
    if (isText(bytes, start, end, word)) return words[word];
  }
  return undefined;
}

/** What a list of statistics consists of; `stats detail dump` and `stats cachedump` have names of their own for it. */
const STATISTIC_LINES = ['STAT', 'PREFIX', 'ITEM'];

/** Reads `STAT <name> <value>` ("Statistics"); false when the line is something else. */
export function readStatistic(bytes: Buffer, start: number, end: number, reply: Reply): boolean {
  const kindEnd = wordEnd(bytes, start, end);
  if (kindEnd === end || !STATISTIC_LINES.some((word) => isText(bytes, start, kindEnd, word))) return false;
  const nameEnd = wordEnd(bytes, kindEnd + 1, end);
  reply.reset(Status.Ok);
  reply.more = true;
  reply.key = copyOut(bytes, kindEnd + 1, nameEnd);
  reply.value = copyOut(bytes, Math.min(end, nameEnd + 1), end);
  return true;
}

const VERSION = 'VERSION';

/** Reads `VERSION <version>`; undefined when the line is something else. */
export function readVersion(bytes: Buffer, start: number, end: number): Buffer | undefined {
  const wordStop = wordEnd(bytes, start, end);
  if (wordStop === end || !isText(bytes, start, wordStop, VERSION)) return undefined;
  return copyOut(bytes, wordStop + 1, end);
}
