import { clearInterval, setImmediate, setInterval } from '../../clock.ts';
import { type ErrorCode, MemcacheError } from '../../errors.ts';
import { isWrite, keyId, keysOf } from '../../protocol/keyed.ts';
import { Op } from '../../protocol/op.ts';
import type { Holder, Unanswered, WireKey } from '../../protocol/request.ts';
import type { Backend } from '../backend.ts';
import type { Command } from '../command.ts';
import { Server } from '../server.ts';
import { type RepairLimits, type RepairListener, ServerRepair } from './server-repair.ts';

/** Options of `repair`. */
export interface RepairOptions {
  /** Keys that are kept for each server at most; past that the oldest is given up. @default 10,000 */
  keys?: number | undefined;
  /** For how many seconds a key is kept after its failure. @default 300 */
  for?: number | undefined;
}

/** What a repair is without options of its own. */
const DEFAULTS: RepairLimits = { keys: 10_000, for: 300 };

/** Which server a key belongs to. */
export interface Homes {
  home(key: WireKey): Backend | undefined;
}

/** Commands whose keys are deleted when nobody knows what became of them. */
const KEPT: ReadonlySet<Op> = new Set<Op>([
  Op.Set,
  Op.SetMulti,
  Op.Add,
  Op.AddMulti,
  Op.Replace,
  Op.Append,
  Op.Prepend,
  Op.Delete,
  Op.DeleteMulti,
  Op.Touch,
  Op.Invalidate,
]);

/** Errors that come before a command is sent, or instead of that. */
const NOT_SENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_BUSY',
  'ERR_INVALID_KEY',
  'ERR_INVALID_ARGUMENT',
  'ERR_UNSUPPORTED',
  'ERR_VALUE_TOO_LARGE',
]);

/** How often it is looked whether a server is back that others stand in for, in milliseconds. */
const LOOK = 100;

/**
 * The keys of a client's writes that did not end with a response of their own server, by the servers that may have old
 * values of them.
 */
export class Repairs {
  readonly #limits: RepairLimits;
  readonly #homes: Homes;
  readonly #listener: RepairListener;
  readonly #servers = new Map<Server, ServerRepair>();
  /** Whether nothing may be sent, since the client is being closed. */
  #closing = false;
  /** Looks for servers that are back, while others have values for them. */
  #lookout: NodeJS.Timeout | undefined;

  constructor(options: RepairOptions, homes: Homes, listener: RepairListener) {
    this.#limits = { keys: options.keys ?? DEFAULTS.keys, for: options.for ?? DEFAULTS.for };
    this.#homes = homes;
    this.#listener = listener;
  }

  /** How many keys wait to be repaired at a server. */
  waiting(server: Backend): number {
    return server instanceof Server ? (this.#servers.get(server)?.size ?? 0) : 0;
  }

  /** Notes that nobody waits any more for what a command has sent. */
  leave(command: Command, on: Holder): Unanswered | undefined {
    const keys = keptKeys(command);
    return keys.length > 0 && command.server instanceof Server ? this.#of(command.server).leave(keys, on) : undefined;
  }

  /** Notes that a command ends with an error, and not one that its own server has given. */
  missed(command: Command, error: Error): void {
    if (NOT_SENT.has((error as MemcacheError).code)) return;
    for (const key of keptKeys(command)) this.missedKey(key);
  }

  /** Notes that calls which write keys end with an error, sent or not; one that was aborted is noted when it had left. */
  notWritten(keys: readonly WireKey[], error: unknown): void {
    if (!(error instanceof MemcacheError) || NOT_SENT.has(error.code)) return;
    for (const key of keys) this.missedKey(key);
  }

  /** Notes that a write of a key has not reached its server. */
  missedKey(key: WireKey): void {
    const home = this.#home(key);
    if (home) this.#of(home).note(key);
  }

  /** Notes where a write goes: another server than its key's own stands in for that. */
  placed(command: Command): void {
    const { server } = command;
    if (command.guards || !isWrite(command)) return;
    const kept = new Set(keptKeys(command));
    for (const key of keysOf(command)) {
      const home = this.#home(key);
      if (home && home !== server) {
        if (kept.has(key)) this.#of(home).note(key);
        if (server instanceof Server) this.#of(server).standIn(key, home);
        this.#lookout ??= setInterval(() => this.#look(), LOOK).unref();
      }
      if (this.#lookout !== undefined) this.#outdate(key, server);
    }
  }

  /** What other servers have of a key is no longer the newest. */
  #outdate(key: WireKey, newest: Backend | undefined): void {
    const id = keyId(key);
    for (const [server, repair] of this.#servers) if (server !== newest) repair.outdate(id);
  }

  #look(): void {
    const more = [...this.#servers.values()].map((repair) => repair.standDown());
    if (!more.includes(true)) this.#stopLooking();
  }

  #stopLooking(): void {
    clearInterval(this.#lookout);
    this.#lookout = undefined;
  }

  /** A server is back. */
  up(server: Server): void {
    this.#servers.get(server)?.up();
  }

  /** A server is no longer one of the client's. */
  left(server: Server): void {
    this.#servers.get(server)?.giveUp();
    this.#servers.delete(server);
  }

  /** Deletes what can be deleted now. */
  async settle(): Promise<void> {
    for (const repair of this.#servers.values()) repair.standDown();
    await Promise.all([...this.#servers.values()].map((repair) => repair.settle()));
  }

  /** Gives up all keys, and those of commands that fail by this. */
  giveUp(): void {
    this.#giveUpAll();
    if (this.#closing) return;
    this.#closing = true;
    // What was refused before fails when this turn is over.
    setImmediate(() =>
      setImmediate(() => {
        this.#closing = false;
        this.#giveUpAll();
      }),
    );
  }

  #giveUpAll(): void {
    this.#stopLooking();
    for (const repair of this.#servers.values()) repair.giveUp();
    this.#servers.clear();
  }

  #of(server: Server): ServerRepair {
    let repair = this.#servers.get(server);
    if (repair === undefined) {
      repair = new ServerRepair(server, this.#limits, this.#listener, () => this.#closing);
      this.#servers.set(server, repair);
    }
    return repair;
  }

  /** The server that a key belongs to; none where that is a custom transport. */
  #home(key: WireKey): Server | undefined {
    try {
      const home = this.#homes.home(key);
      return home instanceof Server ? home : undefined;
    } catch {
      // The choice may be the user's own function.
      return undefined;
    }
  }
}

/** The keys of a command that are deleted when nobody knows what became of it; not those with a condition that fails then. */
function keptKeys(command: Command): readonly WireKey[] {
  const { op, cas, guards, stores } = command;
  if (guards || !KEPT.has(op) || (cas !== undefined && op !== Op.Invalidate)) return [];
  return stores === undefined
    ? keysOf(command)
    : keysOf(command).filter((_, index) => stores[index]?.cas === undefined);
}
