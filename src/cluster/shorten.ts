import { wallNow } from '../clock.ts';
import { LONGEST_RELATIVE } from '../protocol/expiration.ts';
import { Op } from '../protocol/op.ts';
import type { Request } from '../protocol/request.ts';

/** Requests that set an expiration. */
const EXPIRING: ReadonlySet<Op> = new Set<Op>([
  Op.Set,
  Op.Add,
  Op.Replace,
  Op.Touch,
  Op.GetAndTouch,
  Op.Increment,
  Op.Decrement,
]);

/** Lets nothing that a request stores live longer than `longest` seconds. */
export function shorten(request: Request, longest: number): void {
  if (EXPIRING.has(request.op)) request.expiration = shorter(request.expiration, longest);
  for (const item of request.stores ?? []) item.expiration = shorter(item.expiration, longest);
}

function shorter(expiration: number, longest: number): number {
  if (expiration === 0) return longest;
  const left = expiration > LONGEST_RELATIVE ? expiration - wallNow() / 1000 : expiration;
  return left > longest ? longest : expiration;
}
