import { LONG_AGO } from '../limits.ts';
import { Op } from '../op.ts';
import type { Reply, Request } from '../request.ts';
import { Status } from '../status.ts';
import { Step } from '../step.ts';

/** What a connection has found out about its server, for all deletes after it. */
export interface DeleteTrust {
  /** Whether the server takes every CAS of a delete for another one, as memcached 1.6.10 to 1.6.12 do. */
  broken: boolean;
}

/** Whether a delete has a CAS, which not every server compares rightly. */
export function isConditionalDelete({ op, cas }: Request): boolean {
  return op === Op.Delete && cas !== undefined;
}

/**
 * Stands for a delete with a CAS at a server that may not compare it rightly. Where it is said to be another one, an
 * empty value that has expired already is stored with the same CAS, which comes to the same and is compared by all.
 */
export function deleteInSteps(request: Request, send: (step: Request) => void, trust: DeleteTrust): Request {
  return trust.broken ? new ExpireStep(request, send, undefined, trust) : new DeleteStep(request, send, trust);
}

class DeleteStep extends Step {
  readonly #trust: DeleteTrust;

  constructor(whole: Request, send: (step: Request) => void, trust: DeleteTrust) {
    super(Op.Delete, whole, send, undefined);
    this.cas = whole.cas;
    this.#trust = trust;
  }

  override settle(reply: Reply): void {
    if (reply.status === Status.Exists) this.send(new ExpireStep(this.whole, this.send, this, this.#trust));
    else this.finish(reply);
  }
}

class ExpireStep extends Step {
  readonly #trust: DeleteTrust;

  constructor(whole: Request, send: (step: Request) => void, previous: Step | undefined, trust: DeleteTrust) {
    super(Op.Set, whole, send, previous);
    this.value = '';
    this.expiration = LONG_AGO;
    this.cas = whole.cas;
    this.#trust = trust;
  }

  override settle(reply: Reply): void {
    if (reply.status === Status.Ok) this.#trust.broken = true;
    this.finish(reply);
  }
}
