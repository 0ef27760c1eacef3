import type { Done } from '../watch.ts';

/** How the clients that speak text tell of a refusal; it is no failure. */
const REFUSED = /not stored|NOT_STORED|NOT_FOUND|not found|EXISTS/i;

/** A value as bytes, and a miss as `null`. */
export function toValue(done: Done): Done {
  return (error, value) => {
    if (error) done(error);
    else done(null, value === undefined || value === null || value === false ? null : bytesOf(value));
  };
}

/** Whether something was done, where a refusal may come as an error. */
export function toBoolean(done: Done): Done {
  return (error, result) => {
    if (error) refusal(error, done);
    else if (Array.isArray(result)) done(null, !REFUSED.test(String(result[0])));
    else done(null, result === true || result === 'OK');
  };
}

/** A number, and a counter that is not there as `null`. */
export function toCount(done: Done): Done {
  return (error, result) => {
    if (error) {
      if (REFUSED.test(String(error))) done(null, null);
      else done(error);
    } else if (result === false || result === undefined || result === null) done(null, null);
    else done(null, Number(result));
  };
}

function refusal(error: unknown, done: Done): void {
  if (REFUSED.test(String(error))) done(null, false);
  else done(error);
}

function bytesOf(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value));
}

/** Counts; a counter that is missing is created, as the other clients do with one command. */
export function counting(count: (done: Done) => void, create: (done: Done) => void, initial: number, done: Done): void {
  count(
    toCount((error, value) => {
      if (error || value !== null) return done(error, value);
      create(
        toBoolean((failure, created) => {
          if (failure) done(failure);
          else if (created === true) done(null, initial);
          // Another was faster.
          else count(toCount(done));
        }),
      );
    }),
  );
}
