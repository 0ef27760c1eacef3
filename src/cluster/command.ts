import type { FrameTransport } from '../connection/frame-transport.ts';
import type { MemcacheError } from '../errors.ts';
import { factsOf } from '../protocol/op.ts';
import { Request } from '../protocol/request.ts';
import type { Router } from './router.ts';
import type { Server } from './server.ts';

/** A server as a client takes it: memts's, or any object with MemJS's contract. */
export type ServerLike = Server | FrameTransport;

/** A request on its way through the cluster: which server has it and how many attempts are left. */
export abstract class Command extends Request {
  declare router: Router | undefined;
  /** The server of the attempt under way. */
  declare server: ServerLike | undefined;
  /** Whether the command is for this server alone, so that no key chooses another. */
  declare pinned: boolean;
  /** Attempts left at the present server, the one under way included. */
  declare attempts: number;
  /** When the first of the attempts at the present server failed, on the clock of `performance.now()`. */
  declare failedAt: number;
  /** What the last attempt failed with. */
  declare lastError: Error | undefined;
  /** From how many servers it has gone on to another one. */
  declare moves: number;
  /** Whether whoever made it logs its failure. */
  declare unlogged: boolean;
  /** Whether it was refused since its server is known to be down. */
  declare untried: boolean;
  /** Its number for a custom transport. */
  declare seq: number | undefined;
  /** Whether sending it again cannot change its effect. */
  get repeatable(): boolean {
    return this.cas === undefined && factsOf(this.op).idempotent;
  }

  /** Ends the command with an error; the only other end is the last `settle`. */
  abstract reject(error: Error): void;

  /** Ends a command that has not been sent, but not before the call that made it has returned. */
  abstract refuse(error: unknown): void;

  override fail(error: MemcacheError, written: boolean): void {
    if (this.router === undefined) this.reject(error);
    else this.router.failed(this, error, written);
  }
}

/** As with requests: what most commands never set. */
Object.assign(Command.prototype, {
  router: undefined,
  server: undefined,
  attempts: 0,
  pinned: false,
  failedAt: 0,
  moves: 0,
  lastError: undefined,
  unlogged: false,
  untried: false,
  seq: undefined,
});
