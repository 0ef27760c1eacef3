import { clearTimeout, monotonicNow, setTimeout, wallNow } from '../clock.ts';
import { DEBUGGING, debug } from '../debug.ts';
import { closedError, type ErrorCode, type MemcacheError, noServers } from '../errors.ts';
import { isWrite } from '../protocol/keyed.ts';
import { copySmallValues } from '../protocol/large.ts';
import { MAX_RELATIVE } from '../protocol/limits.ts';
import { factsOf, Op } from '../protocol/op.ts';
import type { Holder, Request, WireKey } from '../protocol/request.ts';
import type { Backend } from './backend.ts';
import type { Command } from './command.ts';
import type { Log } from './log.ts';
import type { Repairs } from './repair/repairs.ts';
import { WriteOrder } from './write-order.ts';

/** What the router reads again for each command, since MemJS's users may change it at any time. */
export interface RouterOptions {
  /** Attempts at a command in all. */
  retries: number;
  /** The pause before another attempt, in seconds. */
  retry_delay: number;
  failover: unknown;
  /** How long a failed server is ejected, in seconds. */
  failoverTime: number;
  retryNonIdempotent: boolean;
}

/** The servers that there are. */
export interface Backing {
  /** The server for a key; none when all are ejected. */
  backend(key: WireKey): Backend | undefined;
  /** How many there are in all. */
  readonly size: number;
}

/** Errors that another attempt would only repeat. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['ERR_AUTH', 'ERR_BUSY']);

/** Errors that say nothing about the server, so that nothing is logged. */
const CLIENT_SIDE: ReadonlySet<ErrorCode> = new Set([
  'ERR_CLOSED',
  'ERR_UNSUPPORTED',
  'ERR_INVALID_ARGUMENT',
  'ERR_INVALID_KEY',
]);

/** Brings commands to servers, and decides what a failed attempt leads to: another one, another server, or the error. */
export class Router implements Holder {
  readonly #options: RouterOptions;
  readonly #log: Log;
  readonly #servers: Backing;
  /** Commands in the pause before another attempt. */
  readonly #retries = new Map<Request, { command: Command; timer: NodeJS.Timeout }>();
  /** Commands that wait until it is known which servers there are. */
  readonly #held = new Set<Command>();
  /** Those of them that are writes, and others that may be sent again although later ones go by other ways. */
  readonly order = new WriteOrder();
  /** The keys that servers may have old values of, where the client repairs them. */
  readonly repairs: Repairs | undefined;
  /** Whether it matters to which server each write goes. */
  readonly #watchesPlaces: boolean;
  #onIdle: (() => void)[] = [];
  /** How many commands have been sent again so far, to the same server or another one. */
  retried = 0;

  constructor(options: RouterOptions, log: Log, servers: Backing, repairs?: Repairs) {
    this.#options = options;
    this.#log = log;
    this.#servers = servers;
    this.repairs = repairs;
    this.#watchesPlaces = repairs !== undefined && Boolean(options.failover);
  }

  /** Sends a command to the server of its key, or to the one it is pinned to. */
  dispatch(command: Command): void {
    if (!command.pinned) {
      try {
        command.server = this.#servers.backend(command.key);
      } catch (error) {
        // The choice may be the user's own function, and this whatever it throws.
        command.refuse(error);
        return;
      }
    }
    const { server } = command;
    if (!server) {
      const error = noServers(command.lastError);
      this.repairs?.missed(command, error);
      command.refuse(error);
      return;
    }
    if (this.#watchesPlaces || !this.order.empty) this.#noteWrite(command);
    if (command.attempts === 0) {
      command.attempts = this.#options.retries;
      if (command.failedAt !== 0) command.failedAt = 0;
    }
    // A new command does not wait for a server that is known to be gone; failover takes several failures, unless it hangs.
    if (server.down && command.lastError === undefined && (!this.#options.failover || server.hung)) {
      command.attempts = 1;
      command.untried = true;
    }
    if (server.maxTtl !== undefined) shorten(command, server.maxTtl);
    server.send(command);
  }

  #noteWrite(command: Command): void {
    if (!this.order.empty) {
      if (command.op === Op.Flush) this.order.allSent(command);
      else if (isWrite(command)) this.order.sent(command);
    }
    if (this.#watchesPlaces) this.repairs?.placed(command);
  }

  /** Keeps a command until it is known which servers there are. */
  hold(command: Command, known: Promise<void>): void {
    command.holder = this;
    copySmallValues(command);
    this.#held.add(command);
    known.then(
      () => {
        if (this.#held.delete(command)) this.dispatch(command);
        this.#notifyIdle();
      },
      (error) => {
        if (this.#held.delete(command)) command.reject(error);
        this.#notifyIdle();
      },
    );
  }

  /** What a failed attempt leads to. A server that is behind would only be put further behind by the same reads again. */
  failed(command: Command, error: MemcacheError, written: boolean, answering = false): void {
    const { retry_delay, retryNonIdempotent } = this.#options;
    command.failedAt ||= monotonicNow();
    command.lastError = error;
    const repeatable = (!written || command.repeatable || retryNonIdempotent) && !command.overtaken;
    if (CLIENT_SIDE.has(error.code)) {
      this.#end(command, error);
    } else if (FINAL.has(error.code) || !repeatable || (answering && factsOf(command.op).reads)) {
      this.#logFailure(command, error, !repeatable && command.attempts === 1);
      if (!repeatable) this.#suspect(command, error);
      this.#end(command, error);
    } else if (--command.attempts > 0 && !command.server?.hung) {
      if (DEBUGGING) debug(`${nameOf(command)}: an attempt failed, another in ${retry_delay} s: ${error.message}`);
      this.#retryLater(command, retry_delay);
    } else {
      this.#logFailure(command, error, !command.untried);
      this.#giveUp(command, error);
    }
  }

  /** Sends a command again whose server answered that it could not; false when it has had its attempts. */
  retry(command: Command): boolean {
    if (--command.attempts <= 0) return false;
    this.#retryLater(command, this.#options.retry_delay);
    return true;
  }

  drop(request: Request): void {
    request.holder = undefined;
    this.#held.delete(request as Command);
    const timer = this.#retries.get(request)?.timer;
    clearTimeout(timer);
    this.#forget(request, timer);
  }

  /** Fails the commands that are between two attempts. */
  close(): void {
    const error = closedError();
    for (const command of [...this.#held, ...this.#retries.keys()] as Command[]) {
      // A listener may have dropped another.
      if (command.holder !== this) continue;
      this.drop(command);
      this.#end(command, error);
    }
  }

  /** Resolves when no command is between two attempts, or waits for a list of servers. */
  async idle(): Promise<void> {
    if (this.retrying) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  get retrying(): boolean {
    return this.#retries.size > 0 || this.#held.size > 0;
  }

  /** Ends a command that its own server has not answered. */
  #end(command: Command, error: Error): void {
    this.repairs?.missed(command, error);
    command.reject(error);
  }

  #retryLater(command: Command, seconds: number): void {
    command.holder = this;
    if (isWrite(command)) this.order.add(command);
    const timer = setTimeout(() => {
      command.holder = undefined;
      if (command.overtaken) {
        this.#end(command, command.lastError as Error);
      } else {
        this.retried++;
        this.dispatch(command);
      }
      this.#forget(command, timer);
    }, seconds * 1000);
    this.#retries.set(command, { command, timer });
  }

  /** Unless the command is in another pause by now: `timer` tells which one is meant. */
  #forget(request: Request, timer: NodeJS.Timeout | undefined): void {
    const retry = this.#retries.get(request);
    if (retry === undefined || retry.timer !== timer) return;
    this.order.delete(retry.command);
    this.#retries.delete(request);
    this.#notifyIdle();
  }

  #notifyIdle(): void {
    if (this.retrying) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** All attempts at a server have failed: with failover, and unless the server answers others, it is ejected. */
  #giveUp(command: Command, error: MemcacheError): void {
    const { failover, failoverTime } = this.#options;
    const { server } = command;
    if (!failover || !server || server.answeredAt > startOf(command, error)) {
      this.#end(command, error);
      return;
    }
    this.#eject(server, failoverTime, error);
    if (command.pinned) {
      this.#end(command, error);
    } else if (++command.moves >= this.#servers.size) {
      // Servers that come back while it goes round are not asked a second time.
      this.#end(command, noServers(error));
    } else {
      command.attempts = 0;
      this.retried++;
      this.dispatch(command);
    }
  }

  /** A command that may not be sent again has one attempt; a server that was silent for as long as `retries` is gone. */
  #suspect({ server }: Command, error: MemcacheError): void {
    const { failover, failoverTime, retries } = this.#options;
    if (!failover || !server) return;
    const silence = server.failingFor();
    if (silence !== undefined && silence >= (retries - 1) * server.timeout) this.#eject(server, failoverTime, error);
  }

  #eject(server: Backend, seconds: number, error: MemcacheError): void {
    if (DEBUGGING) debug(`${server.name} is ejected for ${seconds} s: ${error.message}`);
    this.order.serverAway(server);
    server.eject(seconds, error);
  }

  /** `tried` says whether all attempts were made. */
  #logFailure(command: Command, error: Error, tried: boolean): void {
    if (command.unlogged) return;
    const name = nameOf(command);
    const message = tried
      ? `MemJS: Server <${name}> failed after (${this.#options.retries}) retries with error - ${error.message}`
      : `memts: Server <${name}> failed a command: ${error.message}`;
    this.#log.failure(name, message);
  }
}

/**
 * Since when a server has to have answered to be alive. A command that was waited for began its last attempt then, or
 * as long ago as the server may take for any; otherwise its first attempt failed then.
 */
function startOf({ deadline, timeout, failedAt, server }: Command, { code }: MemcacheError): number {
  if (code !== 'ERR_TIMEOUT' || deadline === 0 || !server) return failedAt;
  return Math.min(deadline - timeout, monotonicNow() - server.timeout);
}

function nameOf({ server }: Command): string {
  return server === undefined ? '' : server.name;
}

/** Lets nothing that a request stores live longer than `maxTtl` seconds. */
function shorten(request: Request, maxTtl: number): void {
  if (factsOf(request.op).expires) request.expiration = shorter(request.expiration, maxTtl);
  for (const item of request.stores ?? []) item.expiration = shorter(item.expiration, maxTtl);
}

function shorter(expiration: number, maxTtl: number): number {
  if (expiration === 0) return maxTtl;
  const left = expiration > MAX_RELATIVE ? expiration - wallNow() / 1000 : expiration;
  return left > maxTtl ? maxTtl : expiration;
}
