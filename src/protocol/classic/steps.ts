import { Op } from '../op.ts';
import type { Reply, Request } from '../request.ts';
import { Status } from '../status.ts';
import { Step } from '../step.ts';
import { isNoreply } from './encode.ts';

/** What is sent in place of a request, mostly itself; `send` is called with each further step. */
export function split(request: Request, send: (step: Request) => void): Request {
  const { op, initial, key } = request;
  if (initial !== null && (op === Op.Increment || op === Op.Decrement)) return new CountStep(request, send);
  return op === Op.Get && isNoreply(key) ? new NoreplyStep(request, send) : request;
}

/**
 * Stands for a counter command with an initial value, which the classic protocol has no single command for: count, and
 * if there is no counter, add it with the initial value; if somebody else has added it meanwhile, count after all. At
 * most one of these has an effect, since each is sent only when the one before had none.
 */
class CountStep extends Step {
  constructor(whole: Request, send: (step: Request) => void, previous?: Step) {
    super(whole.op, whole, send, previous);
    this.amount = whole.amount;
    // Refused by the encoder where there is one.
    this.cas = whole.cas;
    this.returnCas = whole.returnCas;
  }

  override settle(reply: Reply): void {
    if (reply.status === Status.Miss) this.send(new AddStep(this.whole, this.send, this));
    else this.finish(reply);
  }
}

class AddStep extends Step {
  constructor(whole: Request, send: (step: Request) => void, previous: Step) {
    super(Op.Add, whole, send, previous);
    this.value = String(whole.initial);
    this.expiration = whole.expiration;
  }

  override settle(reply: Reply): void {
    if (reply.status === Status.Exists) {
      this.send(new CountStep(this.whole, this.send, this));
      return;
    }
    if (reply.status === Status.Ok) reply.counter = counterOf(this.whole.initial ?? 0);
    this.finish(reply);
  }
}

function counterOf(initial: number | bigint): number | bigint {
  return initial > Number.MAX_SAFE_INTEGER ? BigInt(initial) : Number(initial);
}

/**
 * Stands for a get of the key that memcached's own proxy takes for the word that asks for no response: a batch, in whose
 * line it does not stand alone.
 */
class NoreplyStep extends Step {
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
