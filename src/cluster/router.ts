import { clearTimeout, monotonicNow, programNow, setTimeout } from '../clock.ts';
import { type FrameTransport, sendFrame } from '../connection/frame-transport.ts';
import { DEBUGGING, debug } from '../debug.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import type { Holder, Request, WireKey } from '../protocol/request.ts';
import type { Command, ServerLike } from './command.ts';
import type { Log } from './log.ts';
import { Server } from './server.ts';
import { shorten } from './shorten.ts';

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

/** Who has the servers and chooses among them. */
export interface RouterHost {
  readonly options: RouterOptions;
  readonly log: Log;
  /** The server for a key; none when all are ejected. */
  server(key: WireKey): ServerLike | null | undefined;
  /** How many servers there are in all. */
  readonly fleetSize: number;
  /** The opaque of a frame that goes to a custom transport. */
  readonly seq: number;
  /** Moves `seq` on. */
  incrSeq(): void;
}

/** Errors that another attempt would only repeat. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['ERR_AUTH', 'ERR_BUSY']);

/** Errors that say nothing about the server, so that nothing is logged. */
const OURS: ReadonlySet<ErrorCode> = new Set([
  'ERR_CLOSED',
  'ERR_UNSUPPORTED',
  'ERR_INVALID_ARGUMENT',
  'ERR_INVALID_KEY',
]);

/** How long a custom transport may take where it has no timeouts itself, in seconds. */
const TRANSPORT_TIMEOUT = 0.5;

/** Brings commands to servers, and decides what a failed attempt leads to: another one, another server, or the error. */
export class Router implements Holder {
  readonly #host: RouterHost;
  /** Commands in the pause before another attempt. */
  readonly #retries = new Map<Request, { command: Command; timer: NodeJS.Timeout }>();
  /** Commands that wait until it is known which servers there are. */
  readonly #held = new Set<Command>();
  #onIdle: (() => void)[] = [];
  /** How many commands have been sent again so far, to the same server or another one. */
  retried = 0;

  constructor(host: RouterHost) {
    this.#host = host;
  }

  /** Sends a command to the server of its key, or to the one it is pinned to. */
  dispatch(command: Command): void {
    const server = command.pinned ? command.server : this.#choose(command);
    if (!server) return;
    command.router = this;
    command.server = server;
    if (command.attempts === 0) {
      command.attempts = this.#host.options.retries;
      if (command.failedAt !== 0) command.failedAt = 0;
    }
    if (isOurs(server)) {
      // A new command does not wait for a server that is known to be gone; only failover takes several failures.
      if (server.down && command.lastError === undefined && !this.#host.options.failover) {
        command.attempts = 1;
        command.untried = true;
      }
      if (server.longest !== undefined) shorten(command, server.longest);
      server.send(command);
    } else this.#sendFrame(server, command);
  }

  /** Keeps a command until it is known which servers there are. */
  hold(command: Command, known: Promise<void>): void {
    command.holder = this;
    this.#held.add(command);
    known.then(
      () => {
        if (this.#held.delete(command)) this.dispatch(command);
        this.#tellIdle();
      },
      (error) => {
        if (this.#held.delete(command)) command.reject(error);
        this.#tellIdle();
      },
    );
  }

  /** What a failed attempt leads to. */
  failed(command: Command, error: MemcacheError, written: boolean): void {
    const { retry_delay, retryNonIdempotent } = this.#host.options;
    command.failedAt ||= monotonicNow();
    command.lastError = error;
    const repeatable = !written || command.repeatable || retryNonIdempotent;
    if (OURS.has(error.code)) {
      command.reject(error);
    } else if (FINAL.has(error.code) || !repeatable) {
      this.#log(command, error, !repeatable && command.attempts === 1);
      if (!repeatable) this.#suspect(command, error);
      command.reject(error);
    } else if (--command.attempts > 0) {
      if (DEBUGGING) debug(`${nameOf(command)}: an attempt failed, another in ${retry_delay} s: ${error.message}`);
      this.#retryLater(command, retry_delay);
    } else {
      this.#log(command, error, !command.untried);
      this.#giveUp(command, error);
    }
  }

  /** Sends a command again whose server answered that it could not; false when it has had its attempts. */
  retry(command: Command): boolean {
    if (--command.attempts <= 0) return false;
    this.#retryLater(command, this.#host.options.retry_delay);
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
    const error = new MemcacheError('ERR_CLOSED', 'The client was closed');
    for (const command of [...this.#held, ...this.#retries.keys()] as Command[]) {
      // A listener may have dropped another.
      if (command.holder !== this) continue;
      this.drop(command);
      command.reject(error);
    }
  }

  /** Resolves when no command is between two attempts, or waits for a list of servers. */
  async idle(): Promise<void> {
    if (this.retrying) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  get retrying(): boolean {
    return this.#retries.size > 0 || this.#held.size > 0;
  }

  #retryLater(command: Command, seconds: number): void {
    command.holder = this;
    const timer = setTimeout(() => {
      command.holder = undefined;
      this.retried++;
      this.dispatch(command);
      this.#forget(command, timer);
    }, seconds * 1000);
    this.#retries.set(command, { command, timer });
  }

  /** Unless the command is in another pause by now: `timer` tells which one is meant. */
  #forget(request: Request, timer: NodeJS.Timeout | undefined): void {
    if (this.#retries.get(request)?.timer !== timer) return;
    this.#retries.delete(request);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.retrying) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** All attempts at a server have failed: with failover, and unless the server answers others, it is ejected. */
  #giveUp(command: Command, error: MemcacheError): void {
    const { failover, failoverTime } = this.#host.options;
    const { server } = command;
    if (!failover || server === undefined || answersOthers(server, startOf(command, error))) {
      command.reject(error);
      return;
    }
    leaveAlone(server, failoverTime, error);
    if (command.pinned) {
      command.reject(error);
    } else if (++command.moves >= this.#host.fleetSize) {
      // Servers that come back while it goes round are not asked a second time.
      command.reject(new MemcacheError('ERR_NO_SERVERS', 'No servers available', { cause: error }));
    } else {
      command.attempts = 0;
      this.retried++;
      this.dispatch(command);
    }
  }

  /** The server for a command's key. The choice may be the user's own function, and whatever that throws. */
  #choose(command: Command): ServerLike | undefined {
    try {
      const server = this.#host.server(command.key);
      if (server) return server;
      command.refuse(new MemcacheError('ERR_NO_SERVERS', 'No servers available', { cause: command.lastError }));
    } catch (error) {
      command.refuse(error);
    }
    return undefined;
  }

  /** A command that may not be sent again has one attempt; a server that was silent for as long as `retries` is gone. */
  #suspect({ server }: Command, error: MemcacheError): void {
    const { failover, failoverTime, retries } = this.#host.options;
    if (!failover || server === undefined || !isOurs(server)) return;
    const now = monotonicNow();
    if (server.failingSince <= server.answeredAt) server.failingSince = now;
    const silence = (retries - 1) * server.options.timeout * 1000;
    if (server.failingSince <= now - silence) leaveAlone(server, failoverTime, error);
  }

  #sendFrame(server: FrameTransport, command: Command): void {
    const { timeout = TRANSPORT_TIMEOUT, conntimeout = 2 * timeout } = server instanceof Server ? server.options : {};
    sendFrame(server, command, this.#frameSeq(command), command.timeout || (timeout + conntimeout) * 1000);
  }

  /** A command keeps its number over all attempts; one that begins to need it late gets a new one. */
  #frameSeq(command: Command): number {
    if (command.seq === undefined) {
      if (command.lastError !== undefined) this.#host.incrSeq();
      command.seq = this.#host.seq;
    }
    return command.seq;
  }

  /** `tried` says whether all attempts were made. */
  #log(command: Command, error: Error, tried: boolean): void {
    if (command.unlogged) return;
    const { log, options } = this.#host;
    const name = nameOf(command);
    const message = tried
      ? `MemJS: Server <${name}> failed after (${options.retries}) retries with error - ${error.message}`
      : `memts: Server <${name}> failed a command: ${error.message}`;
    log.failure(name, message);
  }
}

/** Whether a server has answered anything since then. */
function answersOthers(server: ServerLike, since: number): boolean {
  return isOurs(server) && server.answeredAt > since;
}

/**
 * Since when a server has to have answered to be alive. A command that was waited for began its last attempt then, or
 * as long ago as the server may take for any; otherwise its first attempt failed then.
 */
function startOf({ deadline, timeout, failedAt, server }: Command, { code }: MemcacheError): number {
  if (code !== 'ERR_TIMEOUT' || deadline === 0 || !(server instanceof Server)) return failedAt;
  return Math.min(deadline - timeout, monotonicNow() - server.options.timeout * 1000);
}

function leaveAlone(server: ServerLike, seconds: number, error: MemcacheError): void {
  if (DEBUGGING) debug(`${serverName(server)} is ejected for ${seconds} s: ${error.message}`);
  if (isOurs(server)) server.leaveAlone(seconds, error);
  else server.wakeupAt = programNow() + seconds * 1000;
}

/** Whether a server takes requests; one whose `write` has been replaced takes frames. */
export function isOurs(server: ServerLike): server is Server {
  return server.write === Server.prototype.write;
}

function nameOf({ server }: Command): string {
  return server === undefined ? '' : serverName(server);
}

/** A server's name in results and log lines. */
export function serverName(server: ServerLike): string {
  return isOurs(server) ? server.name : `${server.host}:${server.port}`;
}
