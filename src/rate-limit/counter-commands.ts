import { ClientCommand, NO_OPTIONS } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import type { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Reply, WireKey } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';

/** What a counter says when it has moved. */
export interface Counted {
  count: number;
  /** How long it has left, in seconds; undefined where the protocol can't say it. */
  left: number | undefined;
}

/** Moves a counter at most once: what may have reached the server is sent again in no case, `retryNonIdempotent` included. */
abstract class CounterCommand extends ClientCommand {
  protected override prepare(): void {}

  /** `undefined` where nothing was counted. */
  protected override answer(reply: Reply): Counted | undefined {
    const { status, counter, timeLeft } = reply;
    if (status === Status.Ok) return { count: Number(counter), left: this.returnTimeLeft ? timeLeft : undefined };
    if (status === Status.Miss || status === Status.NotStored || status === Status.Exists) return undefined;
    throw this.replyError(reply);
  }

  override fail(error: MemcacheError, written: boolean, answering?: boolean): void {
    if (written && this.engine.options.retryNonIdempotent) this.reject(error);
    else super.fail(error, written, answering);
  }
}

/** Counts, and begins a counter that is missing with the amount and the expiration. */
export class HitCommand extends CounterCommand {
  constructor(key: WireKey, amount: number, expiration: number, engine: Engine) {
    super(Op.Increment, key, NO_OPTIONS, engine);
    this.amount = amount;
    this.initial = amount;
    this.expiration = expiration;
    this.returnTimeLeft = true;
  }
}

/** Takes back from a counter that is there, down to 0. */
export class GiveBackCommand extends CounterCommand {
  constructor(key: WireKey, amount: number, engine: Engine) {
    super(Op.Decrement, key, NO_OPTIONS, engine);
    this.amount = amount;
  }
}
