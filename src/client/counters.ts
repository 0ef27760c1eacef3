import { MemcacheError } from '../errors.ts';
import type { Reply } from '../protocol/reply.ts';
import { Status } from '../protocol/status.ts';
import { invoke } from './callback.ts';
import { ClientCommand, type CommandHost, type CommandOptions, invalid } from './command.ts';
import { toExpiration } from './expiration.ts';
import { checkCas } from './storage.ts';

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

const LARGEST = 0xffffffffffffffffn;

/** A command that is answered with a counter. */
export class CounterCommand extends ClientCommand {
  private asBigint = false;

  /** Takes over amount and options; throws `ERR_INVALID_ARGUMENT`. */
  fill(amount: unknown, options: IncrementDecrementOptions, client: CommandHost): void {
    this.configure(options);
    const { initial = 0, expires, cas, bigint } = options;
    this.amount = checkUint64('amount', amount);
    this.initial = initial === null ? null : checkUint64('initial', initial);
    this.expiration = toExpiration(expires, client);
    if (cas !== undefined && cas !== null) {
      this.cas = checkCas(cas);
      // An item that is gone has changed.
      this.initial = null;
    }
    this.asBigint = bigint === true;
  }

  override settle(reply: Reply): void {
    const { status } = reply;
    if (this.listening) this.unlisten();
    if (status === Status.Ok) this.counted(reply.counter);
    else if (status === Status.Miss || status === Status.Exists) this.done(false, null);
    else this.rejectReply(reply);
  }

  private counted(counter: number | bigint): void {
    if (this.asBigint) this.done(true, BigInt(counter));
    else if (typeof counter === 'number') this.done(true, counter);
    else this.reject(outOfRange(this.label));
  }

  private done(success: boolean, value: number | bigint | null): void {
    if (this.callback !== undefined) invoke(this.callback, null, success, value);
    else this.resolve?.({ success, value });
  }
}

function outOfRange(label: string): MemcacheError {
  return new MemcacheError(
    'ERR_COUNTER_RANGE',
    `memts ${label}: The counter has moved, but to a value past 2^53 − 1, which only a bigint holds: ask with { bigint: true }`,
  );
}

function checkUint64(argument: string, value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  if (typeof value === 'bigint' && value >= 0n && value <= LARGEST) return value;
  throw invalid(argument, 'an integer from 0 to 2^64 − 1, past 2^53 − 1 as a bigint', value);
}
