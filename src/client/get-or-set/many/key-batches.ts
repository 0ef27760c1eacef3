import type { Backend } from '../../../cluster/backend.ts';
import { closedError, noServers } from '../../../errors.ts';
import { Op } from '../../../protocol/op.ts';
import type { Reply, StoreItem, WireKey } from '../../../protocol/request.ts';
import { Status } from '../../../protocol/status.ts';
import { type BatchCommand, ChangeBatch, GetBatch } from '../../commands/batch.ts';
import { Batches, bySlot, type Entry, wires } from '../../commands/batches.ts';
import { isRefusal } from '../../commands/change.ts';
import { NO_OPTIONS } from '../../commands/command.ts';
import type { Engine } from '../../engine.ts';
import type { Key } from '../../keys.ts';
import type { OpenCall } from '../../open-calls.ts';
import { NOTHING, type Seen, seenIn } from '../look.ts';

/** One key of a call for many. */
export interface Asked {
  readonly id: string;
  readonly wire: WireKey;
  /** As the caller has given it; more than one where the same bytes were given twice. */
  readonly keys: Key[];
}

/** One item that a batch reads or changes, on the server of the key that it is there for, and what came of it. */
class Part<TOutcome> implements Entry {
  readonly asked: Asked;
  readonly key: Key;
  readonly wire: WireKey;
  readonly store?: StoreItem | undefined;
  server: Backend | undefined;
  outcome: TOutcome | undefined;
  error: unknown;

  constructor(asked: Asked, wire: WireKey, store?: StoreItem) {
    this.asked = asked;
    this.key = wire;
    this.wire = wire;
    if (store !== undefined) this.store = store;
  }
}

/** What an item came to: an outcome of this server, or an error. */
export interface Outcome<TOutcome> {
  readonly asked: Asked;
  readonly server: Backend | undefined;
  readonly outcome: TOutcome | undefined;
  readonly error: unknown;
}

type MakeBatch<TOutcome> = (parts: readonly Part<TOutcome>[], engine: Engine) => BatchCommand;

/** An item of a batch: the key that it is there for, its own key and, where it is stored, what is. */
export type Row = readonly [asked: Asked, wire: WireKey, store?: StoreItem];

/** Commands for many items, each in batches to the server of the key that an item is there for. None of them rejects. */
export class KeyBatches {
  readonly #engine: Engine;
  readonly #call: OpenCall;

  constructor(engine: Engine, call: OpenCall) {
    this.#engine = engine;
    this.#call = call;
  }

  async look(rows: readonly Row[]): Promise<Outcome<Seen>[]> {
    const found = await this.#send<Seen>(rows, true, (parts, engine) => new LookBatch(parts, engine));
    for (const part of found) if (part.error === undefined) part.outcome ??= NOTHING;
    return found;
  }

  /** Stores the items; the outcomes say which were. With `isAdd`, where there is nothing yet. */
  store(rows: readonly Row[], isAdd: boolean): Promise<Outcome<boolean>[]> {
    const op = isAdd ? Op.AddMulti : Op.SetMulti;
    return this.#send<boolean>(rows, false, (parts, engine) => new ItemBatch(op, parts, engine));
  }

  delete(rows: readonly Row[]): Promise<Outcome<boolean>[]> {
    return this.#send<boolean>(rows, false, (parts, engine) => {
      const sink = sinkOf<boolean>(parts);
      return new ChangeBatch(Op.DeleteMulti, wires(parts), undefined, sink, NO_OPTIONS, engine);
    });
  }

  #send<T>(rows: readonly Row[], reads: boolean, make: MakeBatch<T>): Promise<Part<T>[]> {
    const keys = (): WireKey[] => rows.map(([, wire]) => wire);
    return this.#engine.held.run(keys, () => this.#sendNow(rows, reads, make));
  }

  async #sendNow<T>(rows: readonly Row[], reads: boolean, make: MakeBatch<T>): Promise<Part<T>[]> {
    const parts = rows.map(([asked, wire, store]) => new Part<T>(asked, wire, store));
    const byServer = new Map<Backend, Part<T>[]>();
    for (const part of parts) {
      const server = this.#engine.fleet.backend(part.asked.wire);
      part.server = server;
      if (!server) part.error = noServers();
      else if (!byServer.get(server)?.push(part)) byServer.set(server, [part]);
    }
    const sent = [...byServer].flatMap(([server, list]) =>
      bySlot(server, list).map((slot) => this.#sendTo(server, slot as readonly Part<T>[], reads, make)),
    );
    await Promise.all(sent);
    return parts;
  }

  async #sendTo<T>(server: Backend, parts: readonly Part<T>[], reads: boolean, make: MakeBatch<T>): Promise<void> {
    const batches = await new Promise<Batches>((resolve) => {
      const send = (all: Batches, batch: readonly Entry[]): void => {
        if (this.#call.closed) {
          all.ended(batch, closedError());
          return;
        }
        const command = make(batch as readonly Part<T>[], this.#engine);
        // The log says what its failure means for getOrSetMulti.
        command.unlogged = true;
        command.guards = (batch as readonly Part<T>[]).every(({ asked, wire }) => wire !== asked.wire);
        command.submit((error) => all.ended(batch, error), undefined, server);
      };
      new Batches(server, parts, reads, { send, over: resolve }).start();
    });
    for (const part of batches.unanswered as Part<T>[]) part.error ??= batches.failure;
  }
}

/** Reads items as they are stored. */
class LookBatch extends GetBatch {
  constructor(parts: readonly Part<Seen>[], engine: Engine) {
    super(wires(parts), sinkOf(parts), NO_OPTIONS, engine);
    this.returnCas = true;
    this.returnTimeLeft = true;
  }

  protected override part(reply: Reply): void {
    if (reply.status === Status.Ok) this.sink.done(this.place(reply.index), seenIn(reply));
    else super.part(reply);
  }
}

/** Stores items as they are; each may have a CAS of its own. */
class ItemBatch extends ChangeBatch {
  constructor(op: Op, parts: readonly Part<boolean>[], engine: Engine) {
    const stores = parts.map(({ store }) => store as StoreItem);
    super(op, wires(parts), stores, sinkOf(parts), NO_OPTIONS, engine);
  }

  /** Sent twice, what was stored the first time would be refused. */
  override get repeatable(): boolean {
    return false;
  }

  protected override isNo(status: Status): boolean {
    return isRefusal(status);
  }
}

function sinkOf<T>(parts: readonly Part<T>[]): BatchCommand['sink'] {
  return {
    // The batch that is made for these parts says what its outcomes are.
    done: (index, outcome) => {
      (parts[index] as Part<T>).outcome = outcome as T;
    },
    failed: (index, error) => {
      (parts[index] as Part<T>).error = error;
    },
  };
}
