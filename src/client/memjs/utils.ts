import { monotonicNow } from '../../clock.ts';
import { hashCode } from '../../cluster/distribution/modulo.ts';
import {
  makeAmountInitialAndExpiration,
  makeExpiration,
  makeRequestBuffer,
  parseMessage,
} from '../../protocol/binary/message.ts';
import { STATUS_TEXTS } from '../../protocol/status.ts';

/** MemJS's `merge`: puts what is missing in `original`, or `null` there, in from `deflt`, and returns `original`. */
function merge<TOriginal extends object, TDefault extends object>(
  original: TOriginal,
  deflt: TDefault,
): TOriginal & TDefault {
  const merged = original as TOriginal & TDefault;
  for (const name of Object.keys(deflt) as (keyof TDefault)[]) {
    if (merged[name] === undefined || merged[name] === null) Object.assign(merged, { [name]: deflt[name] });
  }
  return merged;
}

/** A monotonic time in milliseconds. */
function timestamp(): number {
  return Math.round(monotonicNow());
}

/** MemJS's utilities. */
export const Utils = {
  makeRequestBuffer,
  makeAmountInitialAndExpiration,
  makeExpiration,
  hashCode,
  parseMessage,
  merge,
  timestamp,
  /** The words for the binary protocol's statuses, by number. */
  errors: STATUS_TEXTS,
};
