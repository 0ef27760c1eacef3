import type { Backend } from '../../cluster/backend.ts';
import { MemcacheError, noServers } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import type { ItemFacts, WireKey } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import { makeOpenCall } from '../commands/call.ts';
import { ChangeCommand } from '../commands/change.ts';
import { type ClientCommand, type CommandOptions, checkCommandOptions } from '../commands/command.ts';
import { FactsCommand, isPlaceholder } from '../commands/inspect.ts';
import type { Engine } from '../engine.ts';
import { secondsFromNow, toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import type { OpenCall } from '../open-calls.ts';
import { invalidExpiration, isExpiration } from '../options.ts';
import type { CommandTrace } from '../telemetry.ts';
import { keyBeside } from './format.ts';
import { ANY_CAS, ChangeItem, IsStubCommand, MarkCommand } from './invalidate-commands.ts';
import { hasMarkers } from './look.ts';

/** Options of `invalidate`. */
export interface InvalidateOptions extends CommandOptions {
  /** For how many seconds `getOrSet` may still serve the old value, while one caller computes it again. @default 0 */
  staleFor?: number | undefined;
}

/** How often an item may change under the hands of an invalidation before it gives up. */
const ATTEMPTS = 100;

/** Makes a value count as expired; resolves with whether there was one. */
export function invalidate(engine: Engine, key: Key, options: InvalidateOptions): Promise<boolean> {
  return makeOpenCall(engine, 'invalidate', key, async (call, trace) => {
    checkCommandOptions(options, engine.log);
    const { staleFor, timeout, signal } = options;
    if (staleFor !== undefined && staleFor !== null && !isExpiration(staleFor)) {
      throw invalidExpiration('staleFor', staleFor);
    }
    const wire = engine.toWire(key);
    const invalidation = new Invalidation(engine, wire, { timeout, signal }, call, trace);
    const known = engine.untilKnown(signal);
    if (known !== undefined) await known;
    // As with every write: computations that began before it are not joined any more.
    engine.watched.written(wire);
    try {
      const wasThere = await invalidation.run(toExpiration(staleFor ?? 0, engine));
      // A server that stands in may have had nothing to invalidate.
      if (!engine.fleet.isOwn(invalidation.server, wire)) engine.router.repairs?.missedKey(wire);
      return wasThere;
    } catch (error) {
      // It may have got as far as a look, or to all but the marker.
      engine.router.repairs?.missedKey(wire);
      throw error;
    } finally {
      engine.watched.written(wire);
    }
  });
}

/** One invalidation, at the server that its key has at the moment. */
class Invalidation {
  readonly #engine: Engine;
  readonly #key: WireKey;
  readonly #options: CommandOptions;
  readonly #call: OpenCall;
  readonly #trace: CommandTrace | undefined;
  /** The server that has it now. */
  server: Backend | undefined;

  constructor(engine: Engine, key: WireKey, options: CommandOptions, call: OpenCall, trace: CommandTrace | undefined) {
    this.#engine = engine;
    this.#key = key;
    this.#options = options;
    this.#call = call;
    this.#trace = trace;
  }

  async run(expiration: number): Promise<boolean> {
    const { fleet } = this.#engine;
    for (let moves = 0; ; moves++) {
      this.server = fleet.backend(this.#key);
      try {
        return await this.#at(expiration);
      } catch (error) {
        // With failover, another server has the key now.
        if (fleet.backend(this.#key) === this.server || moves >= fleet.size) throw error;
      }
    }
  }

  async #at(expiration: number): Promise<boolean> {
    const ends = expiration === 0 || secondsFromNow(expiration) <= 0;
    if (ends) return this.#end();
    if (hasMarkers(this.server)) return this.#moveOn(expiration);
    try {
      return await this.#mark(expiration);
    } catch (error) {
      if (!(error instanceof MemcacheError && error.code === 'ERR_UNSUPPORTED')) throw error;
      return this.#moveOn(expiration);
    }
  }

  /** Deletes the item, and with it the right to make its value. */
  async #end(): Promise<boolean> {
    return (await this.#send(new ChangeCommand(Op.Delete, this.#key, this.#options, this.#engine))) as boolean;
  }

  /** Marks the item as stale, which the meta protocol has a flag for, unless it has changed since it was looked at. */
  async #mark(expiration: number): Promise<boolean> {
    const engine = this.#engine;
    let refused: bigint | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const look = new FactsCommand(Op.Inspect, this.#key, this.#options, engine);
      const item = (await this.#send(look)) as ItemFacts | null;
      if (item === null) return false;
      if (isPlaceholder(item)) return this.#endStub();
      // Some servers take every CAS for another one.
      const cas = item.cas === refused ? ANY_CAS : item.cas;
      const life = item.timeLeft < 0 || item.timeLeft > secondsFromNow(expiration) ? expiration : 0;
      const marked = await this.#send(new MarkCommand(this.#key, cas, life, this.#options, engine));
      if (marked === Status.Ok) {
        await this.#endMarker();
        return true;
      }
      if (marked === Status.Miss) return false;
      refused = item.cas;
    }
    throw new MemcacheError('ERR_BUSY', 'memts INVALIDATE: The item was changed by others again and again');
  }

  /** Elsewhere a new CAS keeps what is being computed out, and a missing marker tells that the value is old. */
  async #moveOn(expiration: number): Promise<boolean> {
    const engine = this.#engine;
    const options = this.#options;
    const [there, stub] = await Promise.all([
      this.#send(new ChangeItem(Op.Append, this.#key, { value: '', expiration: 0 }, options, engine)),
      this.#send(new IsStubCommand(Op.Get, this.#key, options, engine)),
      this.#send(new ChangeItem(Op.Touch, this.#key, { expiration }, options, engine)),
    ]);
    await this.#endMarker();
    if (stub) return this.#endStub();
    return there as boolean;
  }

  /**
   * Tells clients over binary and classic that the value is old. Behind the new CAS: whoever stores a value has stored its
   * marker before it.
   */
  async #endMarker(): Promise<void> {
    const marker = keyBeside(this.#key, 'fresh');
    const end = new ChangeItem(Op.Delete, marker, { expiration: 0 }, this.#options, this.#engine);
    end.guards = true;
    await this.#send(end);
  }

  /** Ends the right to make a value that is missing, so that what is being computed is not stored. */
  async #endStub(): Promise<boolean> {
    await this.#end();
    return false;
  }

  #send(command: ClientCommand): Promise<unknown> {
    this.#call.check();
    const server = this.server;
    if (!server) throw noServers();
    return command.submit(undefined, this.#trace, server) as Promise<unknown>;
  }
}
