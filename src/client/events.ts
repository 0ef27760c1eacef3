import type { Log } from '../cluster/log.ts';
import type { Server } from '../cluster/server.ts';
import type { MemcacheError } from '../errors.ts';
import type { Engine } from './engine.ts';

/** What each event of a client hands over. */
export interface ClientEvents {
  /** A server is back. */
  up: [server: Server];
  /** A server is ejected or can't be reached. */
  down: [server: Server, error: MemcacheError];
  /** Keys of which a server may have had an old value were deleted there. */
  repaired: [server: Server, keys: string[]];
  /** A server may still have old values of these keys. */
  unrepaired: [server: Server, keys: string[]];
  /** Never: what goes wrong reaches the command. It is there for `events.once` and the like, which listen to it. */
  error: [error: never];
}

/** Events of a client: a listener to anything else would wait for ever. */
const EVENTS: ReadonlySet<unknown> = new Set(['up', 'down', 'repaired', 'unrepaired', 'error']);

/** Logs that there is no such event, once for each. */
function hintAtEvent(event: unknown, log: Log): void {
  if (EVENTS.has(event)) return;
  log.once(`event ${String(event)}`, 'warn', `memts: there is no event ${String(event)}; there are up and down`);
}

/** Where the events of a client are listened to. */
export class EventSource {
  /** What is behind the client. @internal */
  declare readonly engine: Engine;

  /** Calls `listener` with each event of that name; `events.once(client, 'up')` works as well. */
  on<TEvent extends keyof ClientEvents>(event: TEvent, listener: (...given: ClientEvents[TEvent]) => void): this {
    hintAtEvent(event, this.engine.log);
    this.engine.fleet.events.on(event, listener);
    return this;
  }

  /** Calls `listener` with the next event of that name only. */
  once<TEvent extends keyof ClientEvents>(event: TEvent, listener: (...given: ClientEvents[TEvent]) => void): this {
    hintAtEvent(event, this.engine.log);
    this.engine.fleet.events.once(event, listener);
    return this;
  }

  /** Takes a listener off again. */
  off<TEvent extends keyof ClientEvents>(event: TEvent, listener: (...given: ClientEvents[TEvent]) => void): this {
    this.engine.fleet.events.off(event, listener);
    return this;
  }

  /** The same as `off`. */
  removeListener<TEvent extends keyof ClientEvents>(
    event: TEvent,
    listener: (...given: ClientEvents[TEvent]) => void,
  ): this {
    return this.off(event, listener);
  }
}
