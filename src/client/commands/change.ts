import { invalid } from '../../errors.ts';
import { MAX_UINT64 } from '../../protocol/limits.ts';
import { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import { ClientCommand, type CommandOptions } from './command.ts';

/** Options of the commands that store nothing new: `delete`, `append`, `prepend`. */
export interface ChangeOptions extends CommandOptions {
  /** Carry out only if the item's CAS is still this one; otherwise the result is `false`. */
  cas?: bigint | undefined;
}

/** A command that is answered with yes or no; by itself, a delete. */
export class ChangeCommand<TOptions extends ChangeOptions = ChangeOptions> extends ClientCommand<TOptions> {
  protected override prepare(_engine: Engine): void {
    const { cas } = this.options;
    if (cas !== undefined && cas !== null) this.cas = checkCas(cas);
  }

  protected override answer(reply: Reply): unknown {
    const { status } = reply;
    if (status === Status.Ok) return true;
    // A plain set has no condition that could fail.
    if ((this.op !== Op.Set || this.cas !== undefined) && isRefusal(status)) return false;
    throw this.replyError(reply);
  }
}

/** Gives an item a new expiration. */
export class TouchCommand extends ChangeCommand {
  constructor(key: Key, expires: unknown, options: CommandOptions, engine: Engine) {
    super(Op.Touch, key, options, engine);
    // As the caller has it, until it is prepared.
    this.expiration = expires as number;
  }

  protected override prepare(engine: Engine): void {
    super.prepare(engine);
    this.expiration = toExpiration(this.expiration, engine);
  }
}

/** Whether a condition of the command does not hold. */
export function isRefusal(status: Status): boolean {
  return status === Status.Miss || status === Status.Exists || status === Status.NotStored;
}

/** A CAS of 0 would mean "no condition" on the wire, so that no item has it. */
export function checkCas(cas: unknown, argument = 'cas'): bigint {
  if (typeof cas === 'bigint' && cas > 0n && cas <= MAX_UINT64) return cas;
  throw invalid(argument, 'a bigint from 1 to 2^64 − 1', cas);
}
