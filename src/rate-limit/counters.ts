import { homeOf } from '../cache/home.ts';
import { ChangeCommand, TouchCommand } from '../client/commands/change.ts';
import { type ClientCommand, NO_OPTIONS } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import { LookCommand, type Seen } from '../client/get-or-set/look.ts';
import type { Backend } from '../cluster/backend.ts';
import { MemcacheError } from '../errors.ts';
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

  /** Counts; where two processes begin a counter at once, or it ends just now, nothing has been counted yet. */
  async hit(server: Backend, key: string, amount: number, expiration: number): Promise<Counted> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const counted = await this.#send(server, new HitCommand(key, amount, expiration, this.#engine));
      if (counted !== undefined) return counted as Counted;
    }
    throw new MemcacheError('ERR_BUSY', 'The counter began and ended in each attempt', { server: server.name });
  }

  /** What a counter has come to; 0 where there is none. */
  async look(server: Backend, key: string): Promise<Counted> {
    const { item, timeLeft } = (await this.#send(server, new LookCommand(key, this.#engine))) as Seen;
    // Padded with spaces where it has become shorter.
    return { count: item === undefined ? 0 : Number.parseInt(item.value.toString('latin1'), 10) || 0, left: timeLeft };
  }

  async giveBack(server: Backend, key: string, amount: number): Promise<void> {
    await this.#send(server, new GiveBackCommand(key, amount, this.#engine));
  }

  /** Gives a counter that is there another end. */
  async extend(server: Backend, key: string, expiration: number): Promise<void> {
    await this.#send(server, new TouchCommand(key, expiration, NO_OPTIONS, this.#engine));
  }

  async forget(server: Backend, key: string): Promise<void> {
    await this.#send(server, new ChangeCommand(Op.Delete, key, NO_OPTIONS, this.#engine));
  }

  #send(server: Backend, command: ClientCommand): Promise<unknown> {
    return command.submit(undefined, undefined, server) as Promise<unknown>;
  }
}
