import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { WireKey } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { ClientCommand, type CommandHost } from './command.ts';
import { readValue } from './retrieval.ts';

/** What a lease finds. */
export interface Leased {
  /** The item's value, as the serializer has it; none when there is no item, or only the stub of another's lease. */
  item: { value: unknown } | undefined;
  /** Whether this asker is to make the value anew. */
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
  /** Asked twice, the second answer could say that another has won, who is nobody else than this asker. */
  readonly repeatable = false;

  constructor(key: WireKey, lockFor: number, client: CommandHost) {
    super(Op.Lease, key, client);
    this.expiration = lockFor;
    this.returnCas = true;
  }

  get label(): string {
    return 'GET OR SET';
  }

  override settle(reply: Reply): void {
    if (this.listening) this.unlisten();
    if (reply.status !== Status.Ok) {
      this.rejectStatus(reply.status);
      return;
    }
    const { won, busy, cas, timeLeft, value } = reply;
    const isStub = value?.length === 0 && (won || busy);
    try {
      const item = isStub ? undefined : { value: readValue(this.client, Op.Get, reply).value };
      this.resolve?.({ item, won, busy, cas, timeLeft } satisfies Leased);
    } catch (error) {
      this.reject(error);
    }
  }
}
