import { monotonicNow } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import type { Request, WireKey } from '../protocol/request.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { ServerWatcher } from './connection-options.ts';
import { Dialer, type Target, type Terms } from './dialer.ts';

/** Gets what becomes of a slot's sockets. */
export interface SlotOwner extends ServerWatcher {
  /** The slot has a socket of its own. */
  onReady(slot: Slot, connection: Connection): void;
  /** A socket of the slot takes no more requests. */
  onLost(connection: Connection): void;
  /** A socket of the slot that was open is closed. */
  onClosed(connection: Connection, error: MemcacheError): void;
  /** No socket could be opened for the slot. */
  onFailed(slot: Slot, error: MemcacheError): void;
}

/** A share of the keys of a server, and the socket that is theirs: the commands of a key keep their order on it. */
export class Slot implements ConnectionOwner {
  /** Its own socket, while that takes requests. */
  own: Connection | undefined;
  /** What its requests go by: that, or another slot's while its own can't be opened. */
  connection: Connection | undefined;
  opening: Connection | undefined;
  /** Its sockets that take no more requests, but still have some. */
  readonly retired = new Set<Connection>();
  /** Requests that wait for a connection. */
  readonly waiting = new Set<Request>();
  /** Since when requests have waited, on the clock of `performance.now()`. */
  waitingSince = 0;
  /** When a socket may be tried again, after one that failed; 0 after one that did not. On the clock of `performance.now()`. */
  againAt = 0;
  readonly watcher: ServerWatcher;
  readonly #dialer: Dialer;
  readonly #owner: SlotOwner;

  constructor(target: () => Target, terms: Terms, owner: SlotOwner) {
    this.#dialer = new Dialer(target, this, terms);
    this.watcher = owner;
    this.#owner = owner;
  }

  /**
   * Begins to open its socket; after one that failed, the server has to show first that it takes another. With `silence`
   * in milliseconds, that ends as soon as nothing has come of it for so long. Throws what the socket throws for a port or
   * path that it can't take.
   */
  open(mustAnswer: boolean, silence?: number): void {
    this.opening = this.#dialer.dial(mustAnswer || this.againAt > 0, silence);
  }

  /** Ends the socket that is being opened, whatever has become of it; what waits goes on waiting. */
  abandon(error: MemcacheError): void {
    const { opening } = this;
    this.opening = undefined;
    opening?.destroy(error);
  }

  /** Closes the sockets that are only open for what may still come. */
  stopLingering(): void {
    for (const connection of this.retired) connection.stopLingering();
  }

  onReady(connection: Connection): void {
    this.opening = undefined;
    this.againAt = 0;
    this.own = connection;
    this.#dialer.succeeded(connection);
    this.#owner.onReady(this, connection);
  }

  onRetired(connection: Connection): void {
    this.retired.add(connection);
    const [oldest] = this.retired;
    if (this.retired.size > MAX_RETIRED) oldest?.abandon();
    this.#lose(connection);
  }

  onClosed(connection: Connection, error: MemcacheError): void {
    if (connection === this.opening) {
      this.#openingEnded(connection, error);
      return;
    }
    // Nobody has heard of one that was abandoned.
    if (connection !== this.own && !this.retired.delete(connection)) return;
    // One that was given up while it said nothing may be the same server, which hangs.
    const refused = error.code === 'ERR_CONNECT' && !connection.proven;
    if (error.code === 'ERR_PROTOCOL' || refused) this.#dialer.forget();
    if (refused) this.pause();
    this.#owner.onClosed(connection, error);
    this.#lose(connection);
  }

  /** Leaves the server, which refused a further socket, with those that it has for a while. */
  pause(): void {
    this.againAt = monotonicNow() + PAUSE;
  }

  /** Has requests go by its own socket where there is one and nothing is under way on the other. */
  settle(): void {
    if (this.own && (!this.connection || this.connection.pending === 0)) this.use(this.own);
  }

  /** Sends what waits by a socket, and what comes from now on. */
  use(connection: Connection): void {
    this.connection = connection;
    for (const request of this.take()) connection.send(request);
  }

  /** What waits, which then no longer does. */
  take(): Request[] {
    if (this.waiting.size === 0) return [];
    const requests = [...this.waiting];
    this.waiting.clear();
    return requests;
  }

  #lose(connection: Connection): void {
    if (this.own !== connection) return;
    this.own = undefined;
    this.#owner.onLost(connection);
  }

  #openingEnded(connection: Connection, error: MemcacheError): void {
    const next = this.#dialer.redial(connection, error);
    this.opening = next instanceof MemcacheError ? undefined : next;
    if (next instanceof MemcacheError) this.#owner.onFailed(this, next);
  }
}

/** How many sockets are kept for what may still come on them. */
const MAX_RETIRED = 16;

/** How long a server that refused a further connection is left with those that it has, in milliseconds. */
const PAUSE = 1000;

/** Which of `count` slots a key belongs to. Not by the hash that chooses servers: their keys are alike in that. */
export function slotIndex(key: WireKey, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    const unit = typeof key === 'string' ? key.charCodeAt(i) : (key[i] as number);
    // By its bytes: the same for a key as text and as bytes.
    if (unit > 0x7f && typeof key === 'string') return slotIndex(Buffer.from(key), count);
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % count;
}
