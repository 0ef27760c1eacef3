import { isUtf8 } from 'node:buffer';
import { cryptoModule } from '../../builtins.ts';
import { monotonicNow } from '../../clock.ts';
import type { Backend } from '../../cluster/backend.ts';
import { MemcacheError } from '../../errors.ts';
import { keyBytes, MAX_KEY_BYTES } from '../../protocol/key.ts';
import { Op } from '../../protocol/op.ts';
import type { WireKey } from '../../protocol/request.ts';
import { ChangeCommand, type ChangeOptions } from '../commands/change.ts';
import { type ClientCommand, NO_OPTIONS } from '../commands/command.ts';
import { StoreCommand } from '../commands/store.ts';
import type { Engine } from '../engine.ts';
import { extended, toExpiration } from '../expiration.ts';
import type { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import type { StoredItem } from './copies.ts';
import { LeaseCommand, type Leased, PeekCommand, type Peeked } from './lease.ts';

/** How long what is stored is fresh, how much longer it may be served, and how long a lock holds; in seconds. */
export interface GuardTimes {
  expires: number;
  staleFor: number;
  lockFor: number;
}

/** What a look at a key found: a value to serve, the right to compute it, both or neither. */
export interface Found {
  item: StoredItem | undefined;
  won: boolean;
}

/** What is on the server at a moment. */
interface Seen {
  item: StoredItem | undefined;
  /** Whether the item is past its `expires`. */
  old: boolean;
  /** Whether the server has handed the right to make the value to this asker, or to another one. */
  won: boolean;
  busy: boolean;
  /** What is stored is stored in place of this; none where that can't be known. */
  cas: bigint | undefined;
}

/**
 * Sees to it that one asker makes the value of a key at a time, among all processes.
 *
 * Over the meta protocol the server hands out a lease with a miss: a stub stands in the key's place until it is filled
 * or `lockFor` is over. Elsewhere, and for a value that is old but still served, the right is a lock item that only one
 * `add` can make; who gets it looks again, since the value may have come just before.
 */
export class Guard {
  readonly #engine: Engine;
  readonly #key: WireKey;
  readonly #times: GuardTimes;
  readonly #call: OpenCall;
  /** Whether the server hands out leases; until it has refused once, if its protocol is not known yet. */
  #leases: boolean;
  #lockedAt: number | undefined;
  #cas: bigint | undefined;
  /** Whether the right is a stub in the key's place. */
  #hasStub = false;
  /** Whether the server has CAS switched off: then what is stored is stored in place of whatever is there. */
  #casOff = false;
  /** The server that was asked last. */
  #server: Backend | undefined;
  /** Whether there was a value to serve. */
  hit = false;

  constructor(engine: Engine, key: WireKey, times: GuardTimes, call: OpenCall) {
    this.#call = call;
    this.#engine = engine;
    this.#key = key;
    this.#times = times;
    const server = engine.fleet.backend(key);
    this.#leases = server !== undefined && (server.protocol === 'meta' || server.protocol === undefined);
  }

  /** Tells a trace what it was about. */
  note(trace: CommandTrace | undefined): void {
    if (trace === undefined) return;
    trace.hit = this.hit;
    if (this.#server !== undefined) trace.server = this.#server.name;
  }

  /** Looks for the value, and for the right to make it where it is missing or old. */
  async look(): Promise<Found> {
    const seen = await this.#see();
    if (seen.won) return this.#make(seen);
    if (seen.item !== undefined && !seen.old) return { item: seen.item, won: false };
    if (seen.item === undefined && seen.busy) return { item: undefined, won: false };
    if (!(await this.#lock())) return { item: seen.item, won: false };
    const now = await this.#see();
    const done = now.item !== undefined && !now.old;
    if (done || (now.item === undefined && now.busy)) {
      await this.#unlock();
      return { item: now.item, won: false };
    }
    return this.#make(now);
  }

  /** Stores the value that was made, unless the item has been changed or deleted since the right was won. */
  async store(value: unknown): Promise<void> {
    const { expires, staleFor } = this.#times;
    // Without CAS, a delete or flush during the computation is noticed all the same, but not a set.
    const op = this.#casOff ? Op.Replace : Op.Set;
    const options = { expires: extended(expires, staleFor), cas: this.#cas };
    const stored = await this.#send(new StoreCommand(op, this.#key, value, options, this.#engine));
    if (stored && !this.#leases && staleFor > 0) {
      await this.#send(new MarkerCommand(Op.Set, this.#beside('fresh'), '', expires, this.#engine));
    }
    await this.#unlock();
  }

  /** Gives the right back, with nothing stored. */
  async release(): Promise<void> {
    const isTheirs = this.#cas === undefined && !(this.#casOff && this.#hasStub);
    if (this.#leases && !isTheirs && this.#lockedAt === undefined) {
      await this.#send(new ChangeCommand<ChangeOptions>(Op.Delete, this.#key, { cas: this.#cas }, this.#engine));
    }
    await this.#unlock();
  }

  #make(seen: Seen): Found {
    this.#cas = seen.cas;
    this.#hasStub = seen.won;
    return { item: seen.item, won: true };
  }

  async #see(): Promise<Seen> {
    if (!this.#leases) return this.#seeWithMarker();
    try {
      return await this.#seeWithLease();
    } catch (error) {
      if (!(error instanceof MemcacheError && error.code === 'ERR_UNSUPPORTED')) throw error;
      this.#leases = false;
      return this.#seeWithMarker();
    }
  }

  async #seeWithLease(): Promise<Seen> {
    const { lockFor, staleFor } = this.#times;
    const seconds = toExpiration(serverSeconds(lockFor), this.#engine);
    const command = new LeaseCommand(this.#key, seconds, this.#engine);
    const { item, won, busy, cas, timeLeft } = (await this.#send(command)) as Leased;
    this.#casOff = cas === 0n;
    return { item, old: timeLeft >= 0 && timeLeft < staleFor, won, busy, cas: cas || undefined };
  }

  /** Without leases, a second item that lives no longer than the value is fresh tells whether it still is. */
  async #seeWithMarker(): Promise<Seen> {
    const marked = this.#times.staleFor > 0;
    const [found, marker] = await Promise.all([
      this.#read(this.#key),
      marked ? this.#read(this.#beside('fresh')) : undefined,
    ]);
    const old = marked && marker?.item === undefined;
    this.#casOff = found.item !== undefined && found.cas === 0n;
    return { item: found.item, old, won: false, busy: false, cas: found.cas || undefined };
  }

  async #lock(): Promise<boolean> {
    const seconds = serverSeconds(this.#times.lockFor);
    const command = new MarkerCommand(Op.Add, this.#beside('lock'), cryptoModule().randomUUID(), seconds, this.#engine);
    const won = (await this.#send(command)) === true;
    this.#lockedAt = won ? monotonicNow() : undefined;
    return won;
  }

  /** Only while the lock is surely this one's: past that it may be another's. */
  async #unlock(): Promise<void> {
    const { lockFor } = this.#times;
    const lockedAt = this.#lockedAt;
    this.#lockedAt = undefined;
    if (lockedAt === undefined || monotonicNow() - lockedAt >= (serverSeconds(lockFor) - 1) * 1000) return;
    await this.#send(new UnlockCommand(Op.Delete, this.#beside('lock'), NO_OPTIONS, this.#engine));
  }

  #read(key: WireKey): Promise<Peeked> {
    return this.#send(new PeekCommand(key, this.#engine)) as Promise<Peeked>;
  }

  /** To the server of the guarded key, whatever the command's own key: all that guards it lives and dies with it. */
  async #send(command: ClientCommand): Promise<unknown> {
    this.#call.check();
    const server = this.#engine.fleet.backend(this.#key);
    if (server === undefined) throw new MemcacheError('ERR_NO_SERVERS', 'No servers available');
    this.#server = server;
    // The log says what its failure means for getOrSet.
    command.unlogged = true;
    return command.submit(undefined, undefined, server);
  }

  /** The key of an item that belongs to the guarded one. */
  #beside(what: 'lock' | 'fresh'): WireKey {
    const key = textOf(this.#key);
    const name = `${key}:${what}`;
    if (keyBytes(name) <= MAX_KEY_BYTES) return name;
    return `${cryptoModule().createHash('sha256').update(key).digest('base64url')}:${what}`;
  }
}

/** A key as text, the same for a string and for its bytes. */
function textOf(key: WireKey): string {
  if (typeof key === 'string') return key;
  const bytes = Buffer.from(key);
  return isUtf8(bytes) ? bytes.toString() : bytes.toString('base64url');
}

/** Stores a value as it is, without the caller's serializer. */
class MarkerCommand extends ChangeCommand {
  constructor(op: Op, key: WireKey, value: string, expires: number, engine: Engine) {
    super(op, key, NO_OPTIONS, engine);
    this.value = value;
    this.expiration = toExpiration(expires, engine);
  }
}

/** Sent twice, it could take away a lock that another has made in between. */
class UnlockCommand extends ChangeCommand {
  override get repeatable(): boolean {
    return false;
  }
}

/** The server's clock moves by whole seconds, so that a time of n seconds may end up to one too early. */
export function serverSeconds(seconds: number): number {
  return Math.ceil(seconds) + 1;
}
