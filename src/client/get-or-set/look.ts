import type { Backend } from '../../cluster/backend.ts';
import { Op } from '../../protocol/op.ts';
import type { Reply, WireKey } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import { ClientCommand, NO_OPTIONS, PENDING } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { StoredItem } from './copies.ts';
import { isStub } from './format.ts';
import type { Plan } from './plan.ts';

/** What is under a key at a moment. */
export interface Seen {
  /** The value; none where there is no item, or a stub. */
  item: StoredItem | undefined;
  /** Whether somebody computes the value that is missing. */
  stub: boolean;
  /** Of the item or the stub; 0 where there is none, or the server counts none. */
  cas: bigint;
  /** How long the item has left, in seconds, −1 for ever; undefined where the protocol can't say it. */
  timeLeft: number | undefined;
  /** Whether the item is marked as stale. */
  stale: boolean;
  /** Whether the server has sent no value, since the one with the CAS that it was asked about is still there. */
  unchanged: boolean;
}

export const NOTHING: Seen = {
  item: undefined,
  stub: false,
  cas: 0n,
  timeLeft: undefined,
  stale: false,
  unchanged: false,
};

/** What a response with an item tells. */
export function seenIn(reply: Reply): Seen {
  const { value, extras, cas, timeLeft, stale } = reply;
  const stub = isStub(reply);
  const item = stub ? undefined : { value: value ?? Buffer.alloc(0), flags: extras ?? Buffer.alloc(4) };
  return { item, stub, cas, timeLeft, stale, unchanged: value === null };
}

/** Reads an item as it is stored. */
export class LookCommand extends ClientCommand {
  constructor(key: WireKey, engine: Engine) {
    super(Op.Get, key, NO_OPTIONS, engine);
    this.returnCas = true;
    this.returnTimeLeft = true;
  }

  protected override prepare(): void {}

  protected override answer(reply: Reply): Seen | typeof PENDING {
    const { status } = reply;
    if (status === Status.Ok) return seenIn(reply);
    if (status === Status.Miss) return NOTHING;
    if (this.sentAgain(status)) return PENDING;
    throw this.replyError(reply);
  }
}

/** Whether markers say how old the values of a server are, as far as its protocol is known. */
export function hasMarkers(server: Backend | undefined): boolean {
  return server?.tellsAge === false;
}

/** Whether a marker has to tell the age of the value that was seen. */
export function needsMarker({ item, timeLeft }: Seen, { staleFor }: Plan): boolean {
  return item !== undefined && timeLeft === undefined && staleFor > 0;
}

/** Whether a value is past its `expires`; `marked` is whether its marker is there. A kept `null` has no `staleFor`. */
export function isOld({ timeLeft, stale }: Seen, marked: boolean, isMiss: boolean, { staleFor }: Plan): boolean {
  if (stale) return true;
  if (staleFor === 0) return false;
  if (timeLeft === undefined) return !marked;
  return timeLeft >= 0 && timeLeft < staleFor && !isMiss;
}
