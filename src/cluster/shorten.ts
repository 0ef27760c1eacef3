import { wallNow } from '../clock.ts';
import { MAX_RELATIVE } from '../protocol/expiration.ts';
import { factsOf } from '../protocol/op.ts';
import type { Request } from '../protocol/request.ts';

/** Lets nothing that a request stores live longer than `maxTtl` seconds. */
export function shorten(request: Request, maxTtl: number): void {
  if (factsOf(request.op).expires) request.expiration = shorter(request.expiration, maxTtl);
  for (const item of request.stores ?? []) item.expiration = shorter(item.expiration, maxTtl);
}

function shorter(expiration: number, maxTtl: number): number {
  if (expiration === 0) return maxTtl;
  const left = expiration > MAX_RELATIVE ? expiration - wallNow() / 1000 : expiration;
  return left > maxTtl ? maxTtl : expiration;
}
