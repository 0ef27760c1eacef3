import { wallNow } from '../../clock.ts';
import { LAST_SECOND, MAX_RELATIVE } from '../../protocol/limits.ts';

/**
 * The expiration that lets an item live for at least so many milliseconds, and 2 seconds longer at most. memcached
 * counts whole seconds by a clock that ticks once a second, so that of the first one hardly anything may be left.
 */
export function toExpiration(milliseconds: number): number {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000)) + 1;
  if (seconds <= MAX_RELATIVE) return seconds;
  const end = Math.ceil((wallNow() + milliseconds) / 1000) + 1;
  return end > LAST_SECOND ? 0 : end;
}
