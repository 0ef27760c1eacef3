import { Request, type StoreItem, type WireKey } from './request.ts';

/** One key of a batch after the other, for encoders that write a batch as single commands. */
export class SingleRequest extends Request {
  constructor(batch: Request) {
    super(batch.op, '');
    this.returnCas = batch.returnCas;
    this.returnTimeLeft = batch.returnTimeLeft;
  }

  aim(key: WireKey, opaque: number, store: StoreItem | undefined): void {
    this.key = key;
    this.opaque = opaque;
    // A batch that stores nothing leaves the rest as it is.
    if (store === undefined && this.value === undefined) return;
    this.value = store?.value;
    this.flags = store?.flags ?? 0;
    this.expiration = store?.expiration ?? 0;
    this.cas = store?.cas;
  }

  /** It is never sent itself. */
  override settle(): void {}

  override fail(): void {}
}
