import type { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { StoreItem, WireKey } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import { ClientCommand, type CommandHost, isPassing } from './command.ts';
import { readValue } from './retrieval.ts';

/** What a batch reports: the outcome for one of its keys, by its index, or the error for it. */
export interface BatchSink {
  done(index: number, outcome: unknown): void;
  failed(index: number, error: unknown): void;
}

/** Many keys in one request to one server. Its promise resolves when the response is whole. */
export abstract class BatchCommand extends ClientCommand {
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
    if (reply.status === Status.Ok) {
      this.finish();
      return;
    }
    if (this.listening) this.unlisten();
    this.rejectReply(reply);
  }

  protected finish(): void {
    if (this.listening) this.unlisten();
    this.resolve?.(undefined);
  }

  /** Takes the response about one key. */
  protected abstract part(reply: Reply): void;
}

/** A key of a batch that could not be read. */
interface Unread {
  /** Its place among those that were asked for last. */
  index: number;
  status: Status;
  value: Buffer | null;
}

/** Reads keys; the misses are not reported. */
export class GetBatch extends BatchCommand {
  /** Keys that the server, or one behind a proxy, could not answer for. */
  private unread: Unread[] = [];
  /** Where the keys that are asked for again stood at first. */
  private places: number[] | undefined;

  constructor(keys: readonly WireKey[], client: CommandHost, sink: BatchSink) {
    super(Op.GetMulti, keys, client, sink);
  }

  protected override part(reply: Reply): void {
    const { index, status } = reply;
    if (status === Status.Miss) return;
    if (status !== Status.Ok) {
      this.unread.push({ index, status, value: reply.value });
      return;
    }
    if (this.returnCas && reply.cas === 0n) {
      this.sink.failed(this.place(index), this.casOff());
      return;
    }
    try {
      const { value, flags } = readValue(this.client, Op.Get, reply);
      this.sink.done(this.place(index), this.returnCas ? { value, flags, cas: reply.cas } : { value, flags });
    } catch (error) {
      this.sink.failed(this.place(index), error);
    }
  }

  protected override finish(): void {
    const { unread } = this;
    this.unread = [];
    const again = unread.filter(({ status }) => isPassing(status));
    const [first] = again;
    const final = first !== undefined && this.sentAgain(first) ? unread.filter((key) => !again.includes(key)) : unread;
    for (const key of final) this.sink.failed(this.place(key.index), this.replyError(key));
    if (final.length < unread.length) this.askAgain(again);
    else super.finish();
  }

  /** Leaves only these keys in the request, which is going to be sent once more. */
  private askAgain(again: readonly Unread[]): void {
    const keys = this.keys as readonly WireKey[];
    this.places = again.map(({ index }) => this.place(index));
    this.keys = again.map(({ index }) => keys[index] as WireKey);
  }

  private place(index: number): number {
    return this.places === undefined ? index : (this.places[index] as number);
  }

  override fail(error: MemcacheError, written: boolean): void {
    this.unread = [];
    super.fail(error, written);
  }
}

/** Stores or deletes; what is not refused was done. */
export class ChangeBatch extends BatchCommand {
  /** The keys that have been reported on already. */
  private readonly reported = new Set<number>();

  constructor(
    keys: readonly WireKey[],
    stores: readonly StoreItem[] | undefined,
    client: CommandHost,
    sink: BatchSink,
  ) {
    super(stores === undefined ? Op.DeleteMulti : Op.SetMulti, keys, client, sink);
    this.stores = stores;
  }

  protected override part(reply: Reply): void {
    const { index, status } = reply;
    if (status === Status.Ok) return;
    this.reported.add(index);
    if (status === Status.Miss) this.sink.done(index, false);
    else this.sink.failed(index, this.replyError(reply));
  }

  protected override finish(): void {
    const { length } = this.keys as readonly WireKey[];
    for (let index = 0; index < length; index++) {
      if (!this.reported.has(index)) this.sink.done(index, true);
    }
    super.finish();
  }
}
