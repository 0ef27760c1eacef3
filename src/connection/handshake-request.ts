import type { MemcacheError } from '../errors.ts';
import { LONG_AGO } from '../protocol/limits.ts';
import { Op } from '../protocol/op.ts';
import type { Protocol } from '../protocol/protocol.ts';
import type { Reply } from '../protocol/request.ts';
import { Request } from '../protocol/request.ts';
import type { Rejection } from './handshake.ts';

/** Why a handshake failed. */
export interface Failure {
  error: MemcacheError;
  /** Set where another handshake may do better. */
  rejection?: Rejection;
}

/** Takes the requests of a handshake. */
export type Send = (request: Request) => void;

/**
 * Called once with how a probe ended: without a failure, what the connection speaks from now on, and the server's version
 * where it says it.
 */
export type Done = (failure: Failure | undefined, protocol?: Protocol, version?: string) => void;

/** A request of the connection's own, before it takes anybody else's. */
export class HandshakeRequest extends Request {
  readonly #onReply: (reply: Reply) => void;

  constructor(op: Op, key: string, value: string | undefined, onReply: (reply: Reply) => void) {
    super(op, key);
    this.value = value;
    // The whole handshake has one deadline, the connection's.
    this.timeout = Number.POSITIVE_INFINITY;
    // ASCII authentication looks like a store, and a server that wants none carries it out: what it stores is gone at
    // once.
    this.expiration = LONG_AGO;
    this.#onReply = onReply;
  }

  override settle(reply: Reply): void {
    this.#onReply(reply);
  }

  /** Whatever fails a handshake ends the connection, and its owner gets the error. */
  override fail(): void {}
}

/** Asks the server to close the connection; `ended` is called with a response of any kind, and without one. */
export class QuitRequest extends Request {
  readonly #ended: () => void;

  /** `timeout` in milliseconds. */
  constructor(timeout: number, ended: () => void = () => {}) {
    super(Op.Quit, '');
    this.timeout = timeout;
    this.#ended = ended;
  }

  override settle(): void {
    this.#ended();
  }

  override fail(): void {
    this.#ended();
  }
}
