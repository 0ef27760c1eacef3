import { invalidArgument } from '../errors.ts';

/** Which commands or connections a fault strikes; all of them where nothing is said. */
export interface FaultScope {
  /**
   * Strikes that many times, then goes away by itself. Counted are commands that have a reply, and for the faults of
   * accepting, connections.
   * @default Infinity
   */
  times?: number;
  /**
   * How likely it strikes each time, from 0 to 1.
   * @default 1
   */
  share?: number;
  /** Strikes only on the next so many connections that are accepted; on all there are and will be, if left out. */
  connections?: number;
}

/** Each reply comes `ms` milliseconds late, give or take up to `jitter`. Replies stay in order. */
export interface LatencyFault extends FaultScope {
  kind: 'latency';
  ms: number;
  /** @default 0 */
  jitter?: number;
}

/**
 * The server carries commands out but says nothing any more on the connection, as one that hangs. What it has not
 * said comes when the fault is removed.
 */
export interface SilenceFault extends FaultScope {
  kind: 'silence';
}

/** A reply never comes, but those behind it do: the responses are desynchronised with the commands. */
export interface LoseFault extends FaultScope {
  kind: 'lose';
}

/** Replies come in pieces of `bytes` bytes, each in a packet of its own. */
export interface PiecesFault extends FaultScope {
  kind: 'pieces';
  bytes: number;
  /**
   * The pause between two pieces, in milliseconds.
   * @default 1
   */
  ms?: number;
}

/** The first half of a reply comes, then the connection is dropped. */
export interface HalfReplyFault extends FaultScope {
  kind: 'halfReply';
}

/** The connection is dropped instead of the reply. The command was carried out. */
export interface DropFault extends FaultScope {
  kind: 'drop';
}

/** Something else comes instead of the reply. */
export interface GarbageFault extends FaultScope {
  kind: 'garbage';
  /** @default 64 random bytes and a line end */
  bytes?: string | Uint8Array;
}

/** A reply that belongs to no command comes before the right one. */
export interface UnsolicitedFault extends FaultScope {
  kind: 'unsolicited';
  /** @default a well-formed reply of the connection's protocol: `STORED`, `HD`, or a binary response to a no-op */
  bytes?: string | Uint8Array;
}

/** The opaque of a binary or meta reply comes back changed. Replies without one are left as they are. */
export interface WrongOpaqueFault extends FaultScope {
  kind: 'wrongOpaque';
}

/**
 * No connection is accepted: the port is closed. With `times`, `share` or `connections` it stays open and those
 * connections are reset as soon as they are accepted.
 */
export interface RefuseFault extends FaultScope {
  kind: 'refuse';
}

/** Connections are accepted, read, and never answered. */
export interface MuteFault extends FaultScope {
  kind: 'mute';
}

/** Connections get `ERROR Too many open connections`, in text whatever they speak, and are closed. */
export interface TooManyConnectionsFault extends FaultScope {
  kind: 'tooManyConnections';
}

export type Fault =
  | LatencyFault
  | SilenceFault
  | LoseFault
  | PiecesFault
  | HalfReplyFault
  | DropFault
  | GarbageFault
  | UnsolicitedFault
  | WrongOpaqueFault
  | RefuseFault
  | MuteFault
  | TooManyConnectionsFault;

/** A fault that was switched on. */
export interface FaultHandle {
  readonly fault: Fault;
  /** Whether it can still strike. */
  readonly active: boolean;
  /** How often it has struck. */
  readonly strikes: number;
  /** Switches it off. Resolves when that is so everywhere; for `refuse`, when the port is open again. */
  remove(): Promise<void>;
}

/** What the faults need of the server. */
export interface FaultTarget {
  stopListening(): void;
  startListening(): Promise<void>;
  /** The set of faults has changed: what was held back may go out. */
  faultsChanged(): void;
  disconnect(): void;
  push(bytes: Uint8Array): void;
}

const KINDS: Readonly<Record<Fault['kind'], true>> = {
  latency: true,
  silence: true,
  lose: true,
  pieces: true,
  halfReply: true,
  drop: true,
  garbage: true,
  unsolicited: true,
  wrongOpaque: true,
  refuse: true,
  mute: true,
  tooManyConnections: true,
};

const ON_ACCEPT: ReadonlySet<Fault['kind']> = new Set(['refuse', 'mute', 'tooManyConnections']);

/** A fault that is on, and how often it may still strike. */
export class ActiveFault implements FaultHandle {
  readonly fault: Fault;
  strikes = 0;
  active = true;
  /** How many connections it still takes; undefined for all. */
  connectionsLeft: number | undefined;
  readonly #faults: Faults;

  constructor(faults: Faults, fault: Fault) {
    this.#faults = faults;
    this.fault = fault;
    this.connectionsLeft = fault.connections;
  }

  remove(): Promise<void> {
    return this.#faults.remove(this);
  }
}

/**
 * The misbehaviour of a server: faults are switched on and off while it runs, several at a time.
 *
 * @example
 * const slow = server.faults.add({ kind: 'latency', ms: 200, jitter: 50 });
 * server.faults.add({ kind: 'halfReply', times: 1 });
 * await slow.remove();
 * await server.faults.clear();
 */
export class Faults {
  readonly #target: FaultTarget;
  readonly #random: () => number;
  readonly #active = new Set<ActiveFault>();
  /** Whether the port is closed. */
  #refusing = false;

  /** @internal */
  constructor(target: FaultTarget, random: () => number = Math.random) {
    this.#target = target;
    this.#random = random;
  }

  /** Switches a fault on, at once. Throws `ERR_INVALID_ARGUMENT` for what is none. */
  add(fault: Fault): FaultHandle {
    check(fault);
    const active = new ActiveFault(this, { ...fault });
    this.#active.add(active);
    this.#applyRefusal();
    this.#target.faultsChanged();
    return active;
  }

  /** Switches all faults off. Resolves when connections are accepted again. */
  async clear(): Promise<void> {
    await Promise.all([...this.#active].map((active) => this.remove(active)));
  }

  /** The faults that are on. */
  get active(): readonly FaultHandle[] {
    return [...this.#active];
  }

  /** Drops all connections that are open now. */
  disconnect(): void {
    this.#target.disconnect();
  }

  /** Sends these bytes on all connections that are open now, though nobody asked. */
  push(bytes: string | Uint8Array): void {
    this.#target.push(bytesOf(bytes));
  }

  /** @internal */
  async remove(active: ActiveFault): Promise<void> {
    if (!this.#active.delete(active)) return;
    active.active = false;
    this.#target.faultsChanged();
    if (this.#applyRefusal()) await this.#target.startListening();
  }

  /** Whether any fault is on that strikes commands. @internal */
  get strikesCommands(): boolean {
    for (const { fault } of this.#active) if (!ON_ACCEPT.has(fault.kind)) return true;
    return false;
  }

  /** What happens to a connection that is being accepted. @internal */
  onAccept(): RefuseFault | MuteFault | TooManyConnectionsFault | undefined {
    for (const active of this.#active) {
      const { fault } = active;
      if (fault.kind !== 'refuse' && fault.kind !== 'mute' && fault.kind !== 'tooManyConnections') continue;
      if (active.connectionsLeft !== undefined && active.connectionsLeft-- <= 0) continue;
      if (this.#strikes(active)) return fault;
    }
    return undefined;
  }

  /** The faults that only some connections have, of which this new one is one. @internal */
  claimFor(): ReadonlySet<ActiveFault> {
    const claimed = new Set<ActiveFault>();
    for (const active of this.#active) {
      if (active.connectionsLeft === undefined || ON_ACCEPT.has(active.fault.kind)) continue;
      if (active.connectionsLeft-- > 0) claimed.add(active);
    }
    return claimed;
  }

  /** The faults that strike the next reply on a connection. @internal */
  onReply(claimed: ReadonlySet<ActiveFault>): ActiveFault[] {
    const struck: ActiveFault[] = [];
    for (const active of this.#active) {
      if (ON_ACCEPT.has(active.fault.kind)) continue;
      if (active.fault.connections !== undefined && !claimed.has(active)) continue;
      if (this.#strikes(active)) struck.push(active);
    }
    return struck;
  }

  /** A number from 0 to 1. @internal */
  random(): number {
    return this.#random();
  }

  #strikes(active: ActiveFault): boolean {
    const { fault } = active;
    if (fault.share !== undefined && this.#random() >= fault.share) return false;
    const times = fault.times ?? Number.POSITIVE_INFINITY;
    if (active.strikes >= times) return false;
    active.strikes++;
    // Silence lasts until it is removed, however few replies it began with.
    if (active.strikes >= times && fault.kind !== 'silence') {
      active.active = false;
      this.#active.delete(active);
    }
    return true;
  }

  /** Closes the port if it has to be; true when it has to be opened again. */
  #applyRefusal(): boolean {
    let refuses = false;
    for (const { fault } of this.#active) if (fault.kind === 'refuse' && isForAll(fault)) refuses = true;
    if (refuses === this.#refusing) return false;
    this.#refusing = refuses;
    if (refuses) this.#target.stopListening();
    return !refuses;
  }
}

function isForAll(fault: Fault): boolean {
  return fault.times === undefined && fault.share === undefined && fault.connections === undefined;
}

export function bytesOf(bytes: string | Uint8Array): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

function check(fault: Fault): void {
  const wrong = (what: string): never => {
    throw invalidArgument('fault', what);
  };
  if (typeof fault !== 'object' || fault === null || !Object.hasOwn(KINDS, fault.kind)) {
    wrong(`kind must be one of ${Object.keys(KINDS).join(', ')}`);
  }
  const { times, share, connections } = fault;
  if (times !== undefined && !(times >= 1)) wrong('times must be at least 1');
  if (share !== undefined && !(share >= 0 && share <= 1)) wrong('share must be between 0 and 1');
  if (connections !== undefined && !(connections >= 1)) wrong('connections must be at least 1');
  if (fault.kind === 'latency' && !(fault.ms >= 0 && (fault.jitter ?? 0) >= 0))
    wrong('ms and jitter must not be negative');
  if (fault.kind === 'pieces' && !(Number.isInteger(fault.bytes) && fault.bytes >= 1))
    wrong('bytes must be at least 1');
}
