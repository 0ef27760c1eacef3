import { invalid, isInteger, MemcacheError } from '../../errors.ts';
import { MAX_UINT64 } from '../../protocol/limits.ts';
import type { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import { type AnyCallback, invoke } from './callback.ts';
import { checkCas } from './change.ts';
import { ClientCommand, type CommandOptions } from './command.ts';

/** Options of `increment` and `decrement`. */
export interface IncrementDecrementOptions extends CommandOptions {
  /**
   * What a missing counter starts at, 0 to 2^64 − 1, without the amount being applied; `null` leaves it missing, and
   * the result is `{ success: false, value: null }`. @default 0
   */
  initial?: number | bigint | null | undefined;
  /** The expiration of a counter that is created, in seconds as everywhere. @default the client's `expires` */
  expires?: number | undefined;
  /** Count only if the item's CAS is still this one; otherwise `success` is `false`. */
  cas?: bigint | undefined;
  /** Whether the result is a bigint. Without it, a value past 2^53 − 1 is `ERR_COUNTER_RANGE`. @default false */
  bigint?: boolean | undefined;
}

/** What counting comes to. */
export interface CounterResult<TValue = number> {
  success: boolean;
  /** The counter's new value. */
  value: TValue | null;
}

/** Moves a counter: `increment`, `decrement`. */
export class CountCommand extends ClientCommand<IncrementDecrementOptions> {
  #asBigint = false;

  constructor(op: Op, key: Key, amount: unknown, options: IncrementDecrementOptions, engine: Engine) {
    super(op, key, options, engine);
    // As the caller has it, until it is prepared.
    this.amount = amount as number;
  }

  protected override prepare(engine: Engine): void {
    const { initial = 0, expires, cas, bigint } = this.options;
    this.#asBigint = bigint === true;
    this.amount = checkUint64('amount', this.amount);
    this.initial = initial === null ? null : checkUint64('initial', initial);
    this.expiration = toExpiration(expires, engine);
    if (cas === undefined || cas === null) return;
    this.cas = checkCas(cas);
    // An item that is gone has changed.
    this.initial = null;
  }

  protected override answer(reply: Reply): CounterResult<number | bigint> {
    const { status, counter } = reply;
    if (status === Status.Miss || status === Status.Exists) return { success: false, value: null };
    if (status !== Status.Ok) throw this.replyError(reply);
    if (this.#asBigint) return { success: true, value: BigInt(counter) };
    if (typeof counter !== 'number') throw outOfRange(this.label);
    return { success: true, value: counter };
  }

  protected override call(callback: AnyCallback, { success, value }: CounterResult<number | bigint>): void {
    invoke(callback, null, success, value);
  }
}

function outOfRange(label: string): MemcacheError {
  return new MemcacheError(
    'ERR_COUNTER_RANGE',
    `memts ${label}: The counter has moved, but to a value past 2^53 − 1, which only a bigint holds: ask with { bigint: true }`,
  );
}

function checkUint64(argument: string, value: unknown): number | bigint {
  if (isInteger(value, 0)) return value;
  if (typeof value === 'bigint' && value >= 0n && value <= MAX_UINT64) return value;
  throw invalid(argument, 'an integer from 0 to 2^64 − 1, past 2^53 − 1 as a bigint', value);
}
