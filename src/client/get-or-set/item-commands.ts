import { LONG_AGO } from '../../protocol/limits.ts';
import { Op } from '../../protocol/op.ts';
import type { StoreItem, WireKey } from '../../protocol/request.ts';
import { ChangeCommand } from '../commands/change.ts';
import { NO_OPTIONS } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import { STUB_FLAGS, serverSeconds } from './format.ts';

/** Stores an item as it is, without the caller's serializer. */
export class ItemCommand extends ChangeCommand {
  constructor(op: Op, key: WireKey, { value, flags, expiration, cas }: StoreItem, engine: Engine) {
    super(op, key, NO_OPTIONS, engine);
    this.value = value;
    this.flags = flags;
    this.expiration = expiration;
    this.cas = cas;
  }

  protected override prepare(): void {}
}

/** Sent twice, it could take away a lock that another has made in between. */
export class UnlockCommand extends ChangeCommand {
  constructor(key: WireKey, engine: Engine) {
    super(Op.Delete, key, NO_OPTIONS, engine);
    this.guards = true;
  }

  override get repeatable(): boolean {
    return false;
  }
}

export function stubItem(lockFor: number, engine: Engine): StoreItem {
  return { value: '', flags: STUB_FLAGS, expiration: toExpiration(serverSeconds(lockFor), engine) };
}

export function lockItem(lockFor: number, engine: Engine): StoreItem {
  return { value: '', flags: 0, expiration: toExpiration(serverSeconds(lockFor), engine) };
}

export function markerItem(fresh: number, engine: Engine): StoreItem {
  return { value: '', flags: 0, expiration: toExpiration(fresh, engine) };
}

/** Takes the place of a stub like a delete with its CAS, which not every protocol has: it has expired already. */
export function expiredItem(cas: bigint): StoreItem {
  return { value: '', flags: 0, expiration: LONG_AGO, cas };
}
