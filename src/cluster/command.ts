import { factsOf } from '../protocol/op.ts';
import { Request } from '../protocol/request.ts';
import type { Backend } from './backend.ts';

/** A request on its way through the cluster: which server has it and how many attempts are left. */
export abstract class Command extends Request {
  /** The server of the attempt under way. */
  declare server: Backend | undefined;
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
  /** Its place among the writes that may be overtaken; 0 as long as it is none of these. */
  declare order: number;
  /** Whether it is about an item that only guards another one, and that nothing depends on when it is lost. */
  declare guards: boolean;
  /** Whether sending it again cannot change its effect. */
  get repeatable(): boolean {
    return this.cas === undefined && factsOf(this.op).idempotent;
  }

  /** Ends the command with an error; the only other end is the last `settle`. */
  abstract reject(error: Error): void;

  /** Ends a command that has not been sent, but not before the call that made it has returned. */
  abstract refuse(error: unknown): void;
}

/** As with requests: what most commands never set. */
Object.assign(Command.prototype, {
  server: undefined,
  attempts: 0,
  pinned: false,
  failedAt: 0,
  moves: 0,
  lastError: undefined,
  unlogged: false,
  untried: false,
  order: 0,
  guards: false,
});
