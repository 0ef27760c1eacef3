import { Op } from '../../protocol/op.ts';
import type { Reply, StoreItem, WireKey } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { isStub } from '../get-or-set/format.ts';
import { ClientCommand, type CommandOptions, isPassing, PENDING } from './command.ts';
import { readValue } from './read.ts';

/** What a batch reports: the outcome for one of its keys, by its index, or the error for it. */
export interface BatchSink {
  done(index: number, outcome: unknown): void;
  failed(index: number, error: unknown): void;
}

/** Many keys in one request to one server. Its promise resolves when the response is whole. */
export abstract class BatchCommand extends ClientCommand {
  protected readonly sink: BatchSink;

  constructor(op: Op, keys: readonly WireKey[], sink: BatchSink, options: CommandOptions, engine: Engine) {
    super(op, keys[0] as WireKey, options, engine);
    this.keys = keys;
    this.sink = sink;
  }

  protected override prepare(): void {}

  protected override answer(reply: Reply): unknown {
    if (!reply.more) {
      if (reply.status !== Status.Ok) throw this.replyError(reply);
      return this.finish();
    }
    this.part(reply);
    return PENDING;
  }

  /** Takes the response about one key. */
  protected abstract part(reply: Reply): void;

  /** Takes the end of the response. */
  protected abstract finish(): unknown;
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
  #unread: Unread[] | undefined;
  /** Where the keys that are asked for again stood at first. */
  #places: number[] | undefined;

  constructor(
    keys: readonly WireKey[],
    sink: BatchSink,
    options: CommandOptions & { cas?: boolean | undefined },
    engine: Engine,
  ) {
    super(Op.GetMulti, keys, sink, options, engine);
    this.returnCas = options.cas === true;
  }

  protected override part(reply: Reply): void {
    const { index, status } = reply;
    if (status === Status.Miss || isStub(reply)) return;
    if (status !== Status.Ok) {
      this.#unread ??= [];
      this.#unread.push({ index, status, value: reply.value });
      return;
    }
    if (this.returnCas && reply.cas === 0n) {
      this.sink.failed(this.place(index), this.casOff());
      return;
    }
    try {
      const found = readValue(this.engine, Op.Get, reply);
      this.sink.done(this.place(index), this.returnCas ? { ...found, cas: reply.cas } : found);
    } catch (error) {
      this.sink.failed(this.place(index), error);
    }
  }

  protected override finish(): unknown {
    const unread = this.#unread;
    if (unread === undefined) return undefined;
    this.#unread = undefined;
    const again = unread.filter(({ status }) => isPassing(status));
    const [first] = again;
    const isAgain = first !== undefined && this.sentAgain(first.status);
    const final = isAgain ? unread.filter((key) => !again.includes(key)) : unread;
    for (const key of final) this.sink.failed(this.place(key.index), this.replyError(key));
    if (!isAgain) return undefined;
    this.#askAgain(again);
    return PENDING;
  }

  /** Leaves only these keys in the request, which is going to be sent once more. */
  #askAgain(again: readonly Unread[]): void {
    const keys = this.keys as readonly WireKey[];
    this.#places = again.map(({ index }) => this.place(index));
    this.keys = again.map(({ index }) => keys[index] as WireKey);
  }

  /** Where the key of a response stood at first. */
  protected place(index: number): number {
    return this.#places === undefined ? index : (this.#places[index] as number);
  }

  override fail(...failure: Parameters<BatchCommand['fail']>): void {
    this.#unread = undefined;
    super.fail(...failure);
  }
}

/** Stores or deletes; what is not refused was done. */
export class ChangeBatch extends BatchCommand {
  /** The keys that have been reported on already. */
  readonly #reported = new Set<number>();

  constructor(
    op: Op,
    keys: readonly WireKey[],
    stores: readonly StoreItem[] | undefined,
    sink: BatchSink,
    options: CommandOptions,
    engine: Engine,
  ) {
    super(op, keys, sink, options, engine);
    this.stores = stores;
  }

  protected override part(reply: Reply): void {
    const { index, status } = reply;
    if (status === Status.Ok) return;
    this.#reported.add(index);
    if (this.isNo(status)) this.sink.done(index, false);
    else this.sink.failed(index, this.replyError(reply));
  }

  /** Whether a status means that nothing was done, and is no error. */
  protected isNo(status: Status): boolean {
    return status === Status.Miss;
  }

  protected override finish(): unknown {
    const { length } = this.keys as readonly WireKey[];
    for (let index = 0; index < length; index++) {
      if (!this.#reported.has(index)) this.sink.done(index, true);
    }
    return undefined;
  }
}
