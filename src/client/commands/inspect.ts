import type { ItemFacts, Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import { STUB_FLAGS } from '../get-or-set/format.ts';
import { ClientCommand, PENDING } from './command.ts';

/** What an item is, without its value. */
export interface Inspection {
  /** How long the item has left, in seconds; `null` for ever. */
  ttl: number | null;
  /** The bytes of its value, as it is stored. */
  size: number;
  /** The seconds since it was last stored or read. */
  idle: number;
  /** Whether it has been read since it was stored. */
  fetched: boolean;
  /** The client flags, uint32. */
  flags: number;
  /** Its CAS; `null` from a server that has CAS switched off (`-C`). */
  cas: bigint | null;
  /** Whether it is marked as old, so that `getOrSet` computes its value again. */
  stale: boolean;
  /** The server that has it: `host:port`, or the path of a unix socket. */
  server: string;
}

/** Whether an item stands in the place of a value that is being computed. */
export function isPlaceholder({ size, flags, leased, stale }: ItemFacts): boolean {
  return size === 0 && (flags === STUB_FLAGS || (leased && !stale));
}

/** Asks what a server knows of an item; `null` for a miss. */
export class FactsCommand extends ClientCommand {
  protected override prepare(): void {}

  protected override answer(reply: Reply): unknown {
    const { status, facts } = reply;
    if (status === Status.Ok && facts !== undefined) return this.resultOf(facts);
    if (status === Status.Miss) return null;
    if (this.sentAgain(status)) return PENDING;
    throw this.replyError(reply);
  }

  protected resultOf(facts: ItemFacts): unknown {
    return facts;
  }
}

/** Says what an item is. */
export class InspectCommand extends FactsCommand {
  protected override resultOf(facts: ItemFacts): Inspection | null {
    if (isPlaceholder(facts)) return null;
    const { timeLeft, size, idle, fetched, flags, cas, stale } = facts;
    const server = this.server?.name ?? '';
    return { ttl: timeLeft < 0 ? null : timeLeft, size, idle, fetched, flags, cas: cas || null, stale, server };
  }
}
