import { wallNow } from '../clock.ts';
import { LONGEST_RELATIVE } from '../protocol/expiration.ts';
import { factsOf } from '../protocol/op.ts';
import type { Request } from '../protocol/request.ts';

/** Lets nothing that a request stores live longer than `longest` seconds. */
export function shorten(request: Request, longest: number): void {
  if (factsOf(request.op).expires) request.expiration = shorter(request.expiration, longest);
  for (const item of request.stores ?? []) item.expiration = shorter(item.expiration, longest);
}

function shorter(expiration: number, longest: number): number {
  if (expiration === 0) return longest;
  const left = expiration > LONGEST_RELATIVE ? expiration - wallNow() / 1000 : expiration;
  return left > longest ? longest : expiration;
}
