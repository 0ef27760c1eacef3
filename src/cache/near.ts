import { NO_OPTIONS } from '../client/commands/command.ts';
import { type Statistics, StatsCommand } from '../client/commands/stats.ts';
import type { Engine } from '../client/engine.ts';
import { LookCommand, NOTHING, type Seen } from '../client/get-or-set/look.ts';
import { monotonicNow, wallNow } from '../clock.ts';
import { invalid, invalidType } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import type { Footing, Stored } from './envelope.ts';

/** Options of the cache in memory, before the servers. */
export interface NearOptions {
  /** How many values are kept at most. @default 10,000 */
  entries?: number | undefined;
  /** How many bytes they may take, by what is stored of them. @default 64,000,000 */
  bytes?: number | undefined;
  /**
   * For how many seconds from when it was asked for a value is given without a question; after that the server says
   * whether it has changed. Others' writes and invalidations are seen that much later. @default 1
   */
  trustFor?: number | undefined;
  /** What is kept: all, keys that a function says, or what was asked for twice within 10 s. @default 'hot' */
  admit?: 'all' | 'hot' | ((key: string) => boolean) | undefined;
}

/** How soon a key has to be asked for again to be hot, in milliseconds. */
const HOT = 10_000;

/** How many keys are known on the wire besides those of what is kept. */
const SPARE_WIRES = 10_000;

/** What an entry takes besides its bytes. */
const OVERHEAD = 300;

/** A value at hand. */
export interface Entry {
  readonly stored: Stored;
  /** Frozen, where it is plain; others are decoded for each caller. */
  readonly value: unknown;
  readonly isShared: boolean;
  readonly cas: bigint;
  /** Stands for the connection that read it: a CAS is good for as long as that lasts. */
  readonly connection: object | undefined;
  readonly size: number;
  /** When its last question was sent, on the monotonic clock. */
  readAt: number;
  /** Whether it was given since it was last passed over. */
  used: boolean;
}

/** A read under way: what it finds is kept unless the key was written meanwhile. */
export interface Ticket {
  readonly startedAt: number;
  spoilt: boolean;
}

/** The caches in memory of one client, which hear of each other's writes. */
const GROUPS = new WeakMap<Engine, Set<Near>>();

/** Has every cache in memory of a client forget what this process writes. */
export function eachNear(engine: Engine, tell: (near: Near) => void): void {
  for (const near of GROUPS.get(engine) ?? []) tell(near);
}

/** Values at hand, by their keys on the wire. */
export class Near {
  readonly #trustFor: number;
  readonly #mostEntries: number;
  readonly #mostBytes: number;
  readonly #admit: NonNullable<NearOptions['admit']>;
  /** In the order of their admission, or of their last reprieve. */
  readonly #entries = new Map<string, Entry>();
  /** Keys on the wire, by the caller's, of what was to be kept. */
  readonly #wires = new Map<string, string>();
  /** When keys were asked for that are not kept yet, the latest last. */
  readonly #asked = new Map<string, number>();
  /** Whether memcached itself is at the other end of a connection; not known of those that are missing. */
  readonly #direct = new WeakMap<object, boolean>();
  readonly #tickets = new Map<string, Set<Ticket>>();
  /** Keys that are being written, and how many times at once. */
  readonly #writing = new Map<string, number>();
  /** What is kept, in bytes. */
  bytes = 0;

  /** Throws `ERR_INVALID_ARGUMENT`. */
  constructor(engine: Engine, options: NearOptions | true) {
    if (typeof options !== 'object' && options !== true) throw invalidType('option near', 'an object', options);
    const {
      entries = 10_000,
      bytes = 64e6,
      trustFor = 1,
      admit = 'hot',
    }: NearOptions = options === true ? {} : options;
    for (const [name, value] of Object.entries({ entries, bytes, trustFor })) {
      if (!(typeof value === 'number' && value >= 0)) throw invalid(`option near.${name}`, 'a number from 0 on', value);
    }
    if (admit !== 'all' && admit !== 'hot' && typeof admit !== 'function') {
      throw invalidType('option near.admit', "'all', 'hot' or a function", admit);
    }
    this.#trustFor = trustFor * 1000;
    this.#mostEntries = entries;
    this.#mostBytes = bytes;
    this.#admit = admit;
    const group = GROUPS.get(engine) ?? new Set();
    GROUPS.set(engine, group.add(this));
  }

  /** Plain data that may be given without a question, by the caller's key. */
  atHand(key: string): unknown {
    const wire = this.#wires.get(key);
    const entry = wire === undefined ? undefined : this.trusted(wire);
    return entry?.isShared ? entry.value : undefined;
  }

  /** What may be given without a question. */
  trusted(wire: string): Entry | undefined {
    const entry = this.#entries.get(wire);
    if (entry === undefined || this.#trustFor === 0) return undefined;
    if (monotonicNow() - entry.readAt >= this.#trustFor) return undefined;
    const { freshUntil } = entry.stored;
    if (freshUntil !== 0 && wallNow() >= freshUntil) return undefined;
    entry.used = true;
    return entry;
  }

  /** What the server may say of that it has not changed. */
  known(wire: string): Entry | undefined {
    return this.#entries.get(wire);
  }

  /** Begins a read. */
  begin(wire: string): Ticket {
    const ticket = { startedAt: monotonicNow(), spoilt: this.#writing.has(wire) };
    const tickets = this.#tickets.get(wire) ?? new Set();
    this.#tickets.set(wire, tickets.add(ticket));
    return ticket;
  }

  /** Ends a read. */
  end(wire: string, ticket: Ticket): void {
    const tickets = this.#tickets.get(wire);
    tickets?.delete(ticket);
    if (tickets?.size === 0) this.#tickets.delete(wire);
  }

  /** Keeps the value that a read has found. */
  keep(
    wire: string,
    { spoilt, startedAt }: Ticket,
    found: Pick<Entry, 'stored' | 'value' | 'isShared' | 'cas' | 'connection'>,
  ): void {
    const old = this.#entries.get(wire);
    // A read that was begun later knows better.
    if (spoilt || (old !== undefined && old.readAt > startedAt)) return;
    this.drop(wire);
    const size = found.stored.payload.length + wire.length + OVERHEAD;
    if (size > this.#mostBytes || this.#mostEntries < 1) return;
    this.#entries.set(wire, { ...found, size, readAt: startedAt, used: false });
    this.bytes += size;
    while (this.#entries.size > this.#mostEntries || this.bytes > this.#mostBytes) this.#evict();
  }

  /** Whether the server may be asked by this connection if a value has changed: only where it is known that no proxy is between. */
  mayAsk(connection: object): boolean {
    return this.#direct.get(connection) === true;
  }

  /** Finds out, once, whether a proxy is at the other end of the connection that a look has used. */
  async learn({ connection, server }: NearLookCommand, engine: Engine): Promise<void> {
    if (connection === undefined || server === undefined || this.#direct.has(connection)) return;
    this.#direct.set(connection, false);
    const command = new StatsCommand(Op.Stat, 'settings', NO_OPTIONS, engine);
    command.unlogged = true;
    try {
      const settings = (await command.submit(undefined, undefined, server)) as Statistics;
      this.#direct.set(connection, settings.proxy_enabled !== 'yes');
    } catch {
      // Who does not say it is asked for the whole value each time.
    }
  }

  /** A write of this process begins: until it is over, nothing that was read is kept. */
  beginWrite(wire: string): void {
    this.#writing.set(wire, (this.#writing.get(wire) ?? 0) + 1);
    this.#spoil(wire);
  }

  endWrite(wire: string): void {
    const left = (this.#writing.get(wire) ?? 1) - 1;
    if (left === 0) this.#writing.delete(wire);
    else this.#writing.set(wire, left);
    this.#spoil(wire);
  }

  /** Forgets all that may rest on a version that this process ends. */
  forget(restsOnIt: (stored: Footing) => boolean): void {
    for (const wire of this.#tickets.keys()) this.#spoil(wire);
    for (const [wire, { stored }] of this.#entries) if (restsOnIt(stored)) this.drop(wire);
  }

  #spoil(wire: string): void {
    for (const ticket of this.#tickets.get(wire) ?? []) ticket.spoilt = true;
    this.drop(wire);
  }

  /** Forgets a value. */
  drop(wire: string): void {
    const entry = this.#entries.get(wire);
    if (entry === undefined) return;
    this.#entries.delete(wire);
    this.bytes -= entry.size;
  }

  /** Notes that a key is asked for, and says whether what is found is to be kept. */
  admits(wire: string, key: string): boolean {
    const admitted = this.#judge(wire, key);
    if (admitted) {
      if (this.#wires.size > this.#entries.size + SPARE_WIRES) this.#wires.clear();
      this.#wires.set(key, wire);
    }
    return admitted;
  }

  #judge(wire: string, key: string): boolean {
    if (this.#admit === 'all') return true;
    if (this.#admit !== 'hot') return this.#admit(key);
    if (this.#entries.has(wire)) return true;
    const now = monotonicNow();
    const before = this.#asked.get(wire);
    this.#asked.delete(wire);
    if (before !== undefined && now - before <= HOT) return true;
    this.#asked.set(wire, now);
    for (const [oldest, when] of this.#asked) {
      if (now - when <= HOT && this.#asked.size <= this.#mostEntries) break;
      this.#asked.delete(oldest);
    }
    return false;
  }

  /** The oldest goes, unless it was given since it was last looked at. */
  #evict(): void {
    for (const [wire, entry] of this.#entries) {
      if (!entry.used) {
        this.drop(wire);
        return;
      }
      entry.used = false;
      this.#entries.delete(wire);
      this.#entries.set(wire, entry);
    }
  }
}

/** Reads an item by somebody who may have it at hand. */
export class NearLookCommand extends LookCommand {
  readonly #known: Entry | undefined;
  readonly #near: Near;
  /** Stands for the connection that the response came by; none where the protocol has no question for it. */
  connection: object | undefined;
  /** How long an unchanged item has left. */
  timeLeft: number | undefined;

  constructor(key: string, engine: Engine, known: Entry | undefined, near: Near) {
    super(key, engine);
    this.#known = known;
    this.#near = near;
  }

  override knownCas(connection: object): bigint | undefined {
    this.connection = connection;
    const known = this.#known;
    if (known === undefined || known.connection !== connection || known.cas === 0n) return undefined;
    return this.#near.mayAsk(connection) ? known.cas : undefined;
  }

  protected override answer(reply: Reply): ReturnType<LookCommand['answer']> {
    if (this.#known !== undefined && reply.status === Status.Ok && reply.value === null) {
      this.timeLeft = reply.timeLeft;
      return UNCHANGED;
    }
    return super.answer(reply);
  }
}

/** In place of what a look has seen: what its asker has is still what there is. */
export const UNCHANGED: Seen = { ...NOTHING };
