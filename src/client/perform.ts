import type { Response } from '../protocol/binary/message.ts';
import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import type { WireKey } from '../protocol/request.ts';
import { invoke } from './callback.ts';
import { ClientCommand, type CommandHost } from './command.ts';

/** Opcodes that may be sent again without a second effect. */
const REPEATABLE: ReadonlySet<number> = new Set([
  Op.Get,
  Op.Set,
  Op.Replace,
  Op.Delete,
  Op.Touch,
  Op.GetAndTouch,
  Op.Noop,
  Op.Version,
  Op.Stat,
]);

/** A frame that the caller built. */
export class FrameCommand extends ClientCommand {
  readonly repeatable: boolean;
  private answered = false;

  constructor(key: WireKey, frame: Buffer, seq: number, client: CommandHost) {
    super(Op.Raw, key, client);
    this.value = frame;
    this.opaque = seq;
    this.repeatable = REPEATABLE.has(frame[1] as number) && frame.readBigUInt64BE(16) === 0n;
  }

  get label(): string {
    return 'PERFORM';
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
