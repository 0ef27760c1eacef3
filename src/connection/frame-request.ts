import type { MemcacheError } from '../errors.ts';
import { opaqueOf } from '../protocol/binary/frame.ts';
import { Op } from '../protocol/op.ts';
import { type Reply, Request } from '../protocol/request.ts';
import type { FrameListeners } from './frame-transport.ts';

/** A frame written by hand, for MemJS's server contract. */
export class FrameRequest extends Request {
  readonly #listeners: FrameListeners;

  constructor(frame: Buffer, listeners: FrameListeners) {
    super(Op.Raw, '');
    this.value = frame;
    this.opaque = opaqueOf(frame);
    this.#listeners = listeners;
  }

  override settle(reply: Reply): void {
    if (reply.frame !== null) this.#listeners.respond(reply.frame);
  }

  override fail(error: MemcacheError): void {
    this.#listeners.fail(this.opaque, error);
  }
}
