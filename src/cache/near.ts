import { NO_OPTIONS } from '../client/commands/command.ts';
import { type Statistics, StatsCommand } from '../client/commands/stats.ts';
import type { Engine } from '../client/engine.ts';
import { LookCommand } from '../client/get-or-set/look.ts';
import { misnamed } from '../client/hints.ts';
import { monotonicNow, wallNow } from '../clock.ts';
import { invalidType } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { checkNumbers } from './check-numbers.ts';
import type { Footing, Stored } from './envelope.ts';
import { ENTRY_OVERHEAD, HOT, SPARE_WIRES } from './limits.ts';

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

/** What other caches in memory call these options. */
const MEANT = [
  ['ttl', 'near.trustFor (in seconds)'],
  ['max', 'near.entries'],
  ['maxSize', 'near.bytes'],
] as const;

/** A value at hand. */
export interface Entry {
  readonly stored: Stored;
  readonly cas: bigint;
  /** Stands for the connection that read it: a CAS is good for as long as that lasts. */
  readonly connection: object | undefined;
  readonly size: number;
  /** When its last question was sent, on the monotonic clock. */
  readAt: number;
  /** Whether it was given since it was last passed over. */
  used: boolean;
}

/** What is under way for a key: what reads find is kept unless the key was written meanwhile. */
export interface Work {
  reads: number;
  writes: number;
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
  /** Whether memcached itself is at the other end of a connection, so that it may be asked whether a value has changed. */
  readonly direct = new WeakMap<object, boolean>();
  readonly #works = new Map<string, Work>();
  /** What is kept, in bytes. */
  bytes = 0;

  /** Throws `ERR_INVALID_ARGUMENT`. */
  constructor(engine: Engine, options: NearOptions | true) {
    if (typeof options !== 'object' && options !== true) throw invalidType('option near', 'an object', options);
    for (const [name, meant] of MEANT) if (name in Object(options)) misnamed(`near.${name}`, meant, engine.log);
    const { entries = 10_000, bytes = 64e6, trustFor = 1, admit = 'hot' } = options as NearOptions;
    const numbers = { 'near.entries': entries, 'near.bytes': bytes, 'near.trustFor': trustFor };
    checkNumbers(numbers, (value) => typeof value === 'number' && value >= 0, 'a number from 0 on');
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

  /** What may be given without a question, by the caller's key. */
  atHand(key: string): Stored | undefined {
    const wire = this.#wires.get(key);
    return wire === undefined ? undefined : this.trusted(wire);
  }

  /** What may be given without a question. */
  trusted(wire: string): Stored | undefined {
    const entry = this.#entries.get(wire);
    if (!entry || monotonicNow() - entry.readAt >= this.#trustFor) return undefined;
    const { stored } = entry;
    if (stored.freshUntil && wallNow() >= stored.freshUntil) return undefined;
    entry.used = true;
    return stored;
  }

  /** What the server may say of that it has not changed. */
  known(wire: string): Entry | undefined {
    return this.#entries.get(wire);
  }

  /** Begins a read. */
  begin(wire: string): Work {
    const work = this.#work(wire);
    work.reads++;
    return work;
  }

  /** Ends a read. */
  end(wire: string, work: Work): void {
    if (--work.reads + work.writes === 0 && this.#works.get(wire) === work) this.#works.delete(wire);
  }

  #work(wire: string): Work {
    const work = this.#works.get(wire) ?? { reads: 0, writes: 0, spoilt: false };
    this.#works.set(wire, work);
    return work;
  }

  /** Keeps the value that a read has found. */
  keep(wire: string, { spoilt }: Work, readAt: number, found: Pick<Entry, 'stored' | 'cas' | 'connection'>): void {
    const { stored, cas, connection } = found;
    const old = this.#entries.get(wire);
    // A read that was begun later knows better.
    if (spoilt || (old && old.readAt > readAt)) return;
    this.drop(wire);
    const size = stored.payload.length + wire.length + ENTRY_OVERHEAD;
    if (size > this.#mostBytes) return;
    this.#entries.set(wire, { stored, cas, connection, size, readAt, used: false });
    this.bytes += size;
    while (this.#entries.size > this.#mostEntries || this.bytes > this.#mostBytes) this.#evict();
  }

  /** Finds out, once, whether a proxy is at the other end of the connection that a look has used. */
  async learn({ connection, server }: NearLookCommand, engine: Engine): Promise<void> {
    if (!connection || !server || this.direct.has(connection) || engine.calls.ending.size) return;
    this.direct.set(connection, false);
    const command = new StatsCommand(Op.Stat, 'settings', NO_OPTIONS, engine);
    command.unlogged = true;
    try {
      const { proxy_enabled } = (await command.submit(undefined, undefined, server)) as Statistics;
      this.direct.set(connection, proxy_enabled !== 'yes');
    } catch {
      // Who does not say it is asked for the whole value each time.
    }
  }

  /** A write of this process begins: until it is over, nothing that was read is kept. */
  beginWrite(wire: string): void {
    const work = this.#work(wire);
    work.writes++;
    work.spoilt = true;
    this.drop(wire);
  }

  endWrite(wire: string): void {
    // Reads that begin now have nothing to do with it; and a cache that was made meanwhile has not seen it begin.
    if (--this.#work(wire).writes <= 0) this.#works.delete(wire);
    this.drop(wire);
  }

  /** Forgets all that may rest on a version that this process ends. */
  forget(restsOnIt: (stored: Footing) => boolean): void {
    for (const [wire, work] of this.#works) {
      work.spoilt = true;
      if (!work.writes) this.#works.delete(wire);
    }
    for (const [wire, { stored }] of this.#entries) if (restsOnIt(stored)) this.drop(wire);
  }

  /** Forgets a value. */
  drop(wire: string): void {
    const entry = this.#entries.get(wire);
    if (!entry) return;
    this.#entries.delete(wire);
    this.bytes -= entry.size;
  }

  /** Notes that a key is asked for, and says whether what is found is to be kept. */
  admits(wire: string, key: string): boolean {
    const admit = this.#admit;
    const admitted = admit === 'hot' ? this.#isHot(wire) : admit === 'all' || admit(key);
    if (admitted) {
      if (this.#wires.size > this.#entries.size + SPARE_WIRES) this.#wires.clear();
      this.#wires.set(key, wire);
    }
    return admitted;
  }

  #isHot(wire: string): boolean {
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

  constructor(key: string, engine: Engine, known: Entry | undefined, near: Near) {
    super(key, engine);
    this.#known = known;
    this.#near = near;
  }

  override knownCas(connection: object): bigint | undefined {
    this.connection = connection;
    const known = this.#known;
    // A CAS of 0 is none.
    return known?.connection === connection && this.#near.direct.get(connection) ? known.cas || undefined : undefined;
  }
}
