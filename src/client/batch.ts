import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { StoreItem, WireKey } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { ClientCommand, type CommandHost } from './command.ts';
import { readValue } from './retrieval.ts';

/** What a batch reports: the outcome for one of its keys, by its index, or the error for it. */
export interface BatchSink {
  done(index: number, outcome: unknown): void;
  failed(index: number, error: unknown): void;
}

/** Many keys in one request to one server. Its promise resolves when the answer is whole. */
export abstract class BatchCommand extends ClientCommand {
  readonly repeatable = true;
  protected readonly sink: BatchSink;

  constructor(op: Op, keys: readonly WireKey[], client: CommandHost, sink: BatchSink) {
    super(op, keys[0] as WireKey, client);
    this.keys = keys;
    this.sink = sink;
  }

  override settle(reply: Reply): void {
    if (reply.more) {
      this.part(reply);
      return;
    }
    if (this.listening) this.unlisten();
    if (reply.status === Status.Ok) this.finish();
    else this.rejectStatus(reply.status);
  }

  protected finish(): void {
    this.resolve?.(undefined);
  }

  /** Takes the answer about one key. */
  protected abstract part(reply: Reply): void;
}

/** Reads keys; the misses are not reported. */
export class GetBatch extends BatchCommand {
  get label(): string {
    return 'GET';
  }

  constructor(keys: readonly WireKey[], client: CommandHost, sink: BatchSink) {
    super(Op.GetMulti, keys, client, sink);
  }

  protected override part(reply: Reply): void {
    const { index, status } = reply;
    if (status === Status.Miss) return;
    if (status !== Status.Ok) {
      this.sink.failed(index, this.statusError(status));
      return;
    }
    try {
      const { value, flags } = readValue(this.client, Op.Get, reply);
      this.sink.done(index, this.returnCas ? { value, flags, cas: reply.cas } : { value, flags });
    } catch (error) {
      this.sink.failed(index, error);
    }
  }
}

/** Stores or deletes; what is not refused was done. */
export class ChangeBatch extends BatchCommand {
  /** The keys that have been reported on already. */
  private readonly reported = new Set<number>();

  get label(): string {
    return this.op === Op.SetMulti ? 'SET' : 'DELETE';
  }

  constructor(
    keys: readonly WireKey[],
    stores: readonly StoreItem[] | undefined,
    client: CommandHost,
    sink: BatchSink,
  ) {
    super(stores === undefined ? Op.DeleteMulti : Op.SetMulti, keys, client, sink);
    this.stores = stores;
  }

  protected override part({ index, status }: Reply): void {
    if (status === Status.Ok) return;
    this.reported.add(index);
    if (status === Status.Miss) this.sink.done(index, false);
    else this.sink.failed(index, this.statusError(status));
  }

  protected override finish(): void {
    const { length } = this.keys as readonly WireKey[];
    for (let index = 0; index < length; index++) {
      if (!this.reported.has(index)) this.sink.done(index, true);
    }
    super.finish();
  }
}
