import { EventEmitter } from 'node:events';
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
  log.once(
    `event ${String(event)}`,
    'warn',
    `memts: there is no event ${String(event)}; there are up, down, repaired and unrepaired`,
  );
}

/** The methods of an EventEmitter that come typed. */
type Typed = 'on' | 'once' | 'off' | 'addListener' | 'removeListener';

/** What an EventEmitter of Node.js has, so that whatever takes one takes this: `events.once(client, 'up')`, for instance. */
export interface Emitter<TEvents extends { [TEvent in keyof TEvents]: unknown[] }>
  extends Omit<NodeJS.EventEmitter, Typed> {
  /** Calls `listener` with each event of that name. */
  on<TEvent extends keyof TEvents>(event: TEvent, listener: (...given: TEvents[TEvent]) => void): this;
  /** Calls `listener` with the next event of that name only. */
  once<TEvent extends keyof TEvents>(event: TEvent, listener: (...given: TEvents[TEvent]) => void): this;
  /** Takes a listener off again. */
  off<TEvent extends keyof TEvents>(event: TEvent, listener: (...given: TEvents[TEvent]) => void): this;
  /** The same as `on`. */
  addListener<TEvent extends keyof TEvents>(event: TEvent, listener: (...given: TEvents[TEvent]) => void): this;
  /** The same as `off`. */
  removeListener<TEvent extends keyof TEvents>(event: TEvent, listener: (...given: TEvents[TEvent]) => void): this;
}

/** Gives a class the methods of an emitter that each of its objects has. `adding` hears of the events that are listened to. */
export function emitBy<T extends object>(
  prototype: T,
  emitterOf: (source: T) => EventEmitter,
  adding?: (source: T, event: unknown) => void,
): void {
  if ('emit' in prototype) return;
  for (const [name, method] of Object.entries<unknown>(EventEmitter.prototype as never)) {
    if (typeof method !== 'function') continue;
    const hint = /^(on|add|prepend)/.test(name) ? adding : undefined;
    const value = function (this: T, ...given: unknown[]): unknown {
      hint?.(this, given[0]);
      const emitter = emitterOf(this);
      // Each of them has arguments of its own, which are the caller's.
      const result: unknown = Reflect.apply(emitter[name as 'on'], emitter, given);
      return result === emitter ? this : result;
    };
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/** Where the events of a client are listened to. */
export interface EventSource extends Emitter<ClientEvents> {}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are there, by emitBy.
export class EventSource {
  /** What is behind the client. @internal */
  declare readonly engine: Engine;

  static {
    emitBy(
      EventSource.prototype,
      ({ engine }) => engine.fleet.events,
      ({ engine }, event) => hintAtEvent(event, engine.log),
    );
  }
}
