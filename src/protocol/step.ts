import { monotonicNow } from '../clock.ts';
import type { MemcacheError } from '../errors.ts';
import type { Op } from './op.ts';
import type { Reply } from './request.ts';
import { Request } from './request.ts';

/**
 * One of the commands that stand for a request which the protocol has no single command for. The request is settled or
 * failed as if it had been sent itself, an abort finds the step under way, and all steps share its deadline.
 */
export abstract class Step extends Request {
  protected readonly whole: Request;
  protected readonly send: (step: Request) => void;

  constructor(op: Op, whole: Request, send: (step: Request) => void, previous: Step | undefined) {
    super(op, whole.key);
    this.whole = whole;
    this.send = send;
    this.timeout = previous === undefined ? whole.timeout : Math.max(0, previous.deadline - monotonicNow());
    whole.holder = { drop: () => this.#drop() };
  }

  override fail(error: MemcacheError, written: boolean, answering?: boolean): void {
    this.whole.holder = undefined;
    this.whole.fail(error, written, answering);
  }

  protected finish(reply: Reply): void {
    this.whole.holder = undefined;
    this.whole.settle(reply);
  }

  #drop(): void {
    this.whole.holder = undefined;
    this.holder?.drop(this);
  }
}
