import type { MemcacheError } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import { type Reply, Request, type WireKey } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';

/** Gets what became of a batch. */
export interface BatchOwner {
  /** All was answered; of some keys, by their places, with an error. */
  answered(batch: DeleteBatch, refused: ReadonlySet<number>): void;
  failed(batch: DeleteBatch, error: MemcacheError): void;
}

/** Deletes keys that may have old values. */
export class DeleteBatch extends Request {
  readonly #owner: BatchOwner;
  readonly #refused = new Set<number>();

  constructor(keys: readonly WireKey[], owner: BatchOwner) {
    super(Op.DeleteMulti, keys[0] as WireKey);
    this.keys = keys;
    this.#owner = owner;
  }

  override settle({ status, index, more }: Reply): void {
    const isRefused = status !== Status.Ok && status !== Status.Miss;
    if (more) {
      if (isRefused) this.#refused.add(index);
      return;
    }
    if (isRefused) for (const place of (this.keys as readonly WireKey[]).keys()) this.#refused.add(place);
    this.#owner.answered(this, this.#refused);
  }

  override fail(error: MemcacheError): void {
    this.#owner.failed(this, error);
  }
}
