import { Op } from '../op.ts';
import type { Reply, Request } from '../request.ts';
import { Status } from '../status.ts';
import { Step } from '../step.ts';
import { isNoreply } from './encode.ts';

/** Whether a request reads the key that memcached's own proxy takes for the word that asks for no response. */
export function readsNoreply({ op, key }: Request): boolean {
  return op === Op.Get && isNoreply(key);
}

/** Stands for a get of that key: a batch, in whose line the key does not stand alone. */
export class NoreplyStep extends Step {
  #found: Partial<Reply> | undefined;

  constructor(whole: Request, send: (step: Request) => void) {
    super(Op.GetMulti, whole, send, undefined);
    this.keys = [whole.key];
    this.returnCas = whole.returnCas;
  }

  override settle(reply: Reply): void {
    const { status, value, extras, cas, more } = reply;
    if (more) {
      this.#found = { status, value, extras, cas };
      return;
    }
    if (status === Status.Ok) Object.assign(reply.reset(Status.Miss), this.#found);
    this.finish(reply);
  }
}
