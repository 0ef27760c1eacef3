import { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { WireKey } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import { ClientCommand, NO_OPTIONS, PENDING } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { StoredItem } from './copies.ts';

/** What a lease finds. */
export interface Leased {
  /** None when there is no item, or only the stub of another's lease. */
  item: StoredItem | undefined;
  /** Whether this asker is to compute the value. */
  won: boolean;
  /** Whether another asker is at it. */
  busy: boolean;
  /** Of the item or its stub: what is stored is stored only in its place. */
  cas: bigint;
  /** How long the item has left, in seconds; −1 for ever. */
  timeLeft: number;
}

/**
 * Asks for a value and, in the same step, for the right to make it (the meta protocol's vivify and win flags:
 * `protocol.txt`, "Meta Get"). Over the other protocols it fails with `ERR_UNSUPPORTED`.
 */
export class LeaseCommand extends ClientCommand {
  constructor(key: WireKey, lockFor: number, engine: Engine) {
    super(Op.Lease, key, NO_OPTIONS, engine);
    this.expiration = lockFor;
    this.returnCas = true;
  }

  protected override prepare(): void {}

  protected override answer(reply: Reply): Leased {
    if (reply.status !== Status.Ok) throw this.replyError(reply);
    const { won, busy, cas, timeLeft, value } = reply;
    const isStub = value?.length === 0 && (won || busy);
    const item = isStub ? undefined : itemOf(reply);
    return { item, won, busy, cas, timeLeft };
  }
}

/** What a look without a lease finds. */
export interface Peeked {
  item: StoredItem | undefined;
  /** 0 where there is no item, or the server has none. */
  cas: bigint;
}

/** Reads an item as it is stored. */
export class PeekCommand extends ClientCommand {
  constructor(key: WireKey, engine: Engine) {
    super(Op.Get, key, NO_OPTIONS, engine);
    this.returnCas = true;
  }

  protected override prepare(): void {}

  protected override answer(reply: Reply): Peeked | typeof PENDING {
    const { status, cas } = reply;
    if (status === Status.Ok) return { item: itemOf(reply), cas };
    if (status === Status.Miss) return { item: undefined, cas: 0n };
    if (this.sentAgain(status)) return PENDING;
    throw this.replyError(reply);
  }
}

/** Of a response that has an item. */
function itemOf({ value, extras }: Reply): StoredItem {
  return { value: value ?? Buffer.alloc(0), flags: extras ?? Buffer.alloc(4) };
}
