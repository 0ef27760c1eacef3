import { Op } from '../../protocol/op.ts';
import type { Reply, WireKey } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import { ChangeCommand } from '../commands/change.ts';
import type { CommandOptions } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import { isStub } from './format.ts';

/** What an item is marked with that has no CAS, or whose CAS the server does not compare rightly. */
export const ANY_CAS = 0n;

/** Marks an item as stale; resolves with the status. Done twice it has the same effect. */
export class MarkCommand extends ChangeCommand {
  constructor(key: WireKey, cas: bigint, expiration: number, options: CommandOptions, engine: Engine) {
    super(Op.Invalidate, key, options, engine);
    if (cas !== ANY_CAS) this.cas = cas;
    this.expiration = expiration;
  }

  override get repeatable(): boolean {
    return true;
  }

  protected override answer(reply: Reply): unknown {
    const { status } = reply;
    if (status === Status.Ok || status === Status.Miss || status === Status.Exists) return status;
    throw this.replyError(reply);
  }
}

/** Changes an item without the caller's serializer. */
export class ChangeItem extends ChangeCommand {
  constructor(
    op: Op,
    key: WireKey,
    { value, expiration }: { value?: string; expiration: number },
    options: CommandOptions,
    engine: Engine,
  ) {
    super(op, key, options, engine);
    this.value = value;
    this.expiration = expiration;
  }

  /** An empty append, too, does the same twice. */
  override get repeatable(): boolean {
    return true;
  }
}

/** Whether a key has the stub of a computation instead of a value. */
export class IsStubCommand extends ChangeCommand {
  protected override answer(reply: Reply): unknown {
    if (reply.status === Status.Ok) return isStub(reply);
    if (reply.status === Status.Miss) return false;
    return super.answer(reply);
  }
}
