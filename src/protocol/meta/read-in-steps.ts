import { Op } from '../op.ts';
import type { Reply, Request } from '../request.ts';
import { Status } from '../status.ts';
import { Step } from '../step.ts';

/** What a connection has found out about its server, for all reads after it. */
export interface ReadTrust {
  /** Whether the server refuses a CAS in a read. */
  refused: boolean;
}

/**
 * Stands for a read by somebody who has a value already: memcached from 1.6.40 on does not send it again (`protocol.txt`,
 * "Meta Get", the flag C), older ones pass the flag over and send it. A server that refuses the flag is asked without it.
 */
export function readInSteps(request: Request, known: bigint, send: (step: Request) => void, trust: ReadTrust): Request {
  return trust.refused ? request : new IfChangedStep(request, known, send, trust);
}

class IfChangedStep extends Step {
  readonly #trust: ReadTrust;

  constructor(whole: Request, known: bigint, send: (step: Request) => void, trust: ReadTrust) {
    super(Op.GetIfChanged, whole, send, undefined);
    this.cas = known;
    this.returnCas = true;
    this.returnTimeLeft = whole.returnTimeLeft;
    this.#trust = trust;
  }

  override settle(reply: Reply): void {
    if (reply.status === Status.InvalidArguments) {
      this.#trust.refused = true;
      this.send(new WholeStep(this.whole, this.send, this));
    } else {
      this.finish(reply);
    }
  }
}

class WholeStep extends Step {
  constructor(whole: Request, send: (step: Request) => void, previous: Step) {
    super(Op.Get, whole, send, previous);
    this.returnCas = true;
    this.returnTimeLeft = whole.returnTimeLeft;
  }

  override settle(reply: Reply): void {
    this.finish(reply);
  }
}
