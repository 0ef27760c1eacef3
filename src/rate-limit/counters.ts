import { homeOf } from '../cache/home.ts';
import { ChangeCommand, TouchCommand } from '../client/commands/change.ts';
import { type ClientCommand, NO_OPTIONS } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import { expiredItem, ItemCommand } from '../client/get-or-set/item-commands.ts';
import { LookCommand, type Seen } from '../client/get-or-set/look.ts';
import type { Backend } from '../cluster/backend.ts';
import { closedError, MemcacheError } from '../errors.ts';
import { MAX_UINT64 } from '../protocol/limits.ts';
import { Op } from '../protocol/op.ts';
import { type Counted, GiveBackCommand, HitCommand } from './counter-commands.ts';

/** How often a hit is tried again that another process was in the way of. */
const ATTEMPTS = 10;

/**
 * Counters on the server that their name belongs to, and on no stand-in for it: what is counted in two places would allow
 * twice as much.
 */
export class Counters {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The server of a name; rejects with `ERR_CONNECT` while it is ejected. */
  async serverOf(name: string): Promise<Backend> {
    const engine = this.#engine;
    if (engine.fleet.discovers) await engine.whenKnown(() => Promise.resolve());
    const server = homeOf(engine, name);
    if (server !== undefined) return server;
    throw new MemcacheError('ERR_CONNECT', 'The server of the counter is away', {
      server: engine.fleet.home(name)?.name,
    });
  }

  /**
   * Counts; where two processes begin a counter at once, or it ends just now, nothing has been counted yet. What is no
   * number, which another program has put there, makes room for a counter.
   */
  async hit(server: Backend, key: string, amount: number, expiration: number): Promise<Counted> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        const counted = await this.#send(server, new HitCommand(key, amount, expiration, this.#engine));
        if (counted !== undefined) return counted as Counted;
      } catch (error) {
        if (!isNotNumeric(error)) throw error;
        await this.#makeRoom(server, key);
      }
    }
    throw new MemcacheError('ERR_BUSY', 'The counter began and ended in each attempt', { server: server.name });
  }

  /** What a counter has come to; 0 where there is none. */
  async look(server: Backend, key: string): Promise<Counted> {
    const { item, timeLeft } = (await this.#send(server, new LookCommand(key, this.#engine))) as Seen;
    return { count: Number((item && numberIn(item.value)) ?? 0), left: timeLeft };
  }

  async giveBack(server: Backend, key: string, amount: number): Promise<void> {
    try {
      await this.#send(server, new GiveBackCommand(key, amount, this.#engine));
    } catch (error) {
      // Then there is no counter.
      if (!isNotNumeric(error)) throw error;
    }
  }

  /** Gives a counter that is there another end. */
  async extend(server: Backend, key: string, expiration: number): Promise<void> {
    await this.#send(server, new TouchCommand(key, expiration, NO_OPTIONS, this.#engine));
  }

  async forget(server: Backend, key: string): Promise<void> {
    await this.#send(server, new ChangeCommand(Op.Delete, key, NO_OPTIONS, this.#engine));
  }

  /** By its CAS, since another process may have begun the counter meanwhile. */
  async #makeRoom(server: Backend, key: string): Promise<void> {
    const { item, cas } = (await this.#send(server, new LookCommand(key, this.#engine))) as Seen;
    if (item === undefined || numberIn(item.value) !== undefined) return;
    // Not a delete, since that has no CAS over classic.
    const ended = { ...expiredItem(cas), cas: cas || undefined };
    await this.#send(server, new ItemCommand(Op.Set, key, ended, this.#engine));
    const what = 'what another program had put in the place of a counter was no number, and is deleted';
    this.#engine.log.once('rate-limit', 'warn', `memts: memts/rate-limit: ${what}`);
  }

  #send(server: Backend, command: ClientCommand): Promise<unknown> {
    if (this.#engine.calls.ending.size) return Promise.reject(closedError());
    return command.submit(undefined, undefined, server) as Promise<unknown>;
  }
}

/** What a counter has come to, as a server reads it: padded with spaces where it has become shorter. */
function numberIn(value: Buffer): bigint | undefined {
  const [, digits] = /^\s*(\d{1,20})\s*$/.exec(value.toString('latin1')) ?? [];
  if (digits === undefined) return undefined;
  const number = BigInt(digits);
  return number <= MAX_UINT64 ? number : undefined;
}

function isNotNumeric(error: unknown): boolean {
  return error instanceof MemcacheError && error.code === 'ERR_NOT_NUMERIC';
}
