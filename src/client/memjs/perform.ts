import { invalid } from '../../errors.ts';
import { checkFrame, opaqueOf } from '../../protocol/binary/frame.ts';
import type { Response } from '../../protocol/binary/message.ts';
import { isIdempotent, Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import type { ErrorOrNull } from '../commands/callback.ts';
import { ClientCommand, NO_OPTIONS, PENDING } from '../commands/command.ts';
import type { Engine } from '../engine.ts';

/** Takes the response to a frame. */
export type PerformCallback = (error: ErrorOrNull, response: Response | null) => void;

/** A frame that the caller built. The key only says which server it is for. */
export class FrameCommand extends ClientCommand {
  #answered = false;

  /** `retries` are the attempts in all. */
  constructor(key: string, frame: Buffer, seq: number, retries: number | undefined, engine: Engine) {
    super(Op.Raw, key, NO_OPTIONS, engine);
    this.value = frame;
    this.opaque = seq;
    if (retries) this.attempts = retries;
  }

  override get repeatable(): boolean {
    const frame = this.value as Buffer;
    return isIdempotent(frame[1] as number) && frame.readBigUInt64BE(16) === 0n;
  }

  /** It has a number of the caller's. */
  protected override begin(): void {
    try {
      this.prepare();
      this.engine.watched.written(this.key);
      this.engine.route(this);
    } catch (error) {
      this.refuse(error);
    }
  }

  protected override prepare(): void {
    checkFrame(this.value);
    if (opaqueOf(this.value) !== this.opaque >>> 0) throw invalid('seq', "the frame's opaque", this.opaque);
  }

  /** As in MemJS, of several responses only the first is handed over. */
  protected override answer({ frame }: Reply): Response | null | typeof PENDING {
    if (this.#answered) return PENDING;
    this.#answered = true;
    return frame;
  }

  override reject(error: unknown): void {
    if (!this.#answered) super.reject(error);
  }
}
