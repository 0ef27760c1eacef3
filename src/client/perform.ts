import type { Response } from '../protocol/binary/message.ts';
import { isIdempotent, Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { WireKey } from '../protocol/request.ts';
import { invoke } from './callback.ts';
import { ClientCommand, type CommandHost } from './command.ts';

/** A frame that the caller built. */
export class FrameCommand extends ClientCommand {
  private answered = false;

  constructor(key: WireKey, frame: Buffer, seq: number, client: CommandHost) {
    super(Op.Raw, key, client);
    this.value = frame;
    this.opaque = seq;
  }

  override get repeatable(): boolean {
    const frame = this.value as Buffer;
    return isIdempotent(frame[1] as number) && frame.readBigUInt64BE(16) === 0n;
  }

  override reject(error: unknown): void {
    if (!this.answered) super.reject(error);
  }

  /** As in MemJS, of several answers only the first is handed over. */
  override settle({ frame }: Reply): void {
    if (this.answered) return;
    this.answered = true;
    const message: Response | null = frame;
    if (this.callback !== undefined) invoke(this.callback, null, message);
  }
}
