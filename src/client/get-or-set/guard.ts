import { monotonicNow } from '../../clock.ts';
import type { Backend } from '../../cluster/backend.ts';
import { noServers } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import type { StoreItem, WireKey } from '../../protocol/request.ts';
import { ChangeCommand } from '../commands/change.ts';
import { type ClientCommand, NO_OPTIONS } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import { Copies } from './copies.ts';
import { keyBeside, serverSeconds } from './format.ts';
import { expiredItem, ItemCommand, lockItem, markerItem, stubItem, UnlockCommand } from './item-commands.ts';
import { hasMarkers, isOld, LookCommand, needsMarker, type Seen } from './look.ts';
import type { Life, Plan } from './plan.ts';

/** What a look at a key has found. */
export interface Sight {
  readonly seen: Seen;
  /** Whether the marker of a value is there, which some protocols need. */
  readonly marked: boolean;
}

/** The right to make the value of a key: what is stored is stored in place of this. */
export interface Right {
  /** The server that has given it: a CAS is of no use at another one. */
  readonly server: Backend;
  /** Of the stub, or of the old value; 0 where the server has CAS switched off. */
  readonly cas: bigint;
  /** When the lock was made, on the monotonic clock; none where the right is a stub. */
  readonly lockedAt?: number;
}

/** Chooses the server of a key; none where there is none that may be asked. */
export type Choice = (key: WireKey) => Backend | undefined;

/** Asks the server of one key for its value and for the right to make it, and stores what was made. */
export class Guard {
  readonly #engine: Engine;
  readonly #key: WireKey;
  readonly #plan: Plan;
  readonly #call: OpenCall;
  readonly #choose: Choice;
  /** The server that was asked last. */
  #server: Backend | undefined;
  /** Whether there was a value to serve. */
  hit = false;

  constructor(
    engine: Engine,
    key: WireKey,
    plan: Plan,
    call: OpenCall,
    choose: Choice = (wire) => engine.fleet.backend(wire),
  ) {
    this.#engine = engine;
    this.#key = key;
    this.#plan = plan;
    this.#call = call;
    this.#choose = choose;
  }

  /** Tells a trace what it was about. */
  note(trace: CommandTrace | undefined): void {
    if (!trace) return;
    trace.hit = this.hit;
    if (this.#server) trace.server = this.#server.name;
  }

  async look(): Promise<Sight> {
    const early = this.#marks(this.#choose(this.#key)) ? this.#isMarked() : undefined;
    const [seen, marked] = await Promise.all([this.#see(), early]);
    if (!needsMarker(seen, this.#plan)) return { seen, marked: true };
    return { seen, marked: marked ?? (await this.#isMarked()) };
  }

  /** Whether the value of a sight is past its `expires`. */
  isOld({ seen, marked }: Sight, copies: Copies): boolean {
    return isOld(seen, marked, copies.isMiss, this.#plan);
  }

  /** Tries to get the right to make a missing value, and looks once more behind that, in the same round trip. */
  async claim(): Promise<{ right: Right | undefined; sight: Sight }> {
    const stub = stubItem(this.#plan.lockFor, this.#engine);
    const [added, sight] = await Promise.all([this.#send(this.#item(Op.Add, this.#key, stub)), this.look()]);
    return { right: added === true && sight.seen.stub ? this.takeOver(sight) : undefined, sight };
  }

  /** The right that somebody else has, who seems to be gone; none where there is no stub to take. */
  takeOver({ seen }: Sight): Right | undefined {
    return seen.stub ? { server: this.#server as Backend, cas: seen.cas } : undefined;
  }

  /** Tries to get the right to make a new value for one that is old; who gets it looks again, since it may have come. */
  async lock(isOld = (sight: Sight): boolean | Promise<boolean> => this.#isOldItem(sight)): Promise<Right | undefined> {
    const item = lockItem(this.#plan.lockFor, this.#engine);
    if ((await this.#send(this.#itemBeside(Op.Add, 'lock', item))) !== true) return undefined;
    const lock = { server: this.#server as Backend, cas: 0n, lockedAt: monotonicNow() };
    const sight = await this.look();
    if (await isOld(sight)) return { ...lock, cas: sight.seen.cas };
    await this.release(lock);
    return undefined;
  }

  #isOldItem(sight: Sight): boolean {
    const { item } = sight.seen;
    return item !== undefined && this.isOld(sight, new Copies(this.#engine, item));
  }

  /** Stores what was made, unless the key has been written or deleted since the right was won. */
  async store(right: Right, item: StoreItem, { fresh }: Life): Promise<void> {
    if (this.#choose(this.#key) !== right.server) return;
    const marks = this.#marks(right.server);
    // Before the value: an invalidation that comes in between keeps the value out, and one behind it finds the marker.
    if (marks) await this.#send(this.#itemBeside(Op.Set, 'fresh', markerItem(fresh, this.#engine)));
    let stored = false;
    try {
      stored = (await this.#send(this.#inPlace(right, item))) === true;
    } finally {
      if (marks && !stored) await this.#send(new UnlockCommand(this.#beside('fresh'), this.#engine));
    }
    await this.#unlock(right);
  }

  /** Gives a right back, with nothing stored. */
  async release(right: Right): Promise<void> {
    if (right.lockedAt !== undefined) return this.#unlock(right);
    if (this.#choose(this.#key) !== right.server) return;
    await this.#send(
      right.cas === 0n
        ? new ChangeCommand(Op.Delete, this.#key, NO_OPTIONS, this.#engine)
        : this.#item(Op.Set, this.#key, expiredItem(right.cas)),
    );
  }

  /** Only while the lock is surely this one's: past that it may be another's. */
  async #unlock({ server, lockedAt }: Right): Promise<void> {
    if (lockedAt === undefined || this.#choose(this.#key) !== server) return;
    const surely = (serverSeconds(this.#plan.lockFor) - 1) * 1000;
    if (monotonicNow() - lockedAt < surely) await this.#send(new UnlockCommand(this.#beside('lock'), this.#engine));
  }

  /** Without CAS, a delete or flush during the computation is noticed all the same, but not a set. */
  #inPlace({ cas }: Right, item: StoreItem): ItemCommand {
    return this.#item(cas === 0n ? Op.Replace : Op.Set, this.#key, cas === 0n ? item : { ...item, cas });
  }

  #marks(server: Backend | undefined): boolean {
    return this.#plan.staleFor > 0 && hasMarkers(server);
  }

  #see(): Promise<Seen> {
    return this.#send(new LookCommand(this.#key, this.#engine)) as Promise<Seen>;
  }

  async #isMarked(): Promise<boolean> {
    const marker = (await this.#send(new LookCommand(this.#beside('fresh'), this.#engine))) as Seen;
    return marker.item !== undefined;
  }

  #item(op: Op, key: WireKey, item: StoreItem): ItemCommand {
    return new ItemCommand(op, key, item, this.#engine);
  }

  #itemBeside(op: Op, what: 'lock' | 'fresh', item: StoreItem): ItemCommand {
    const command = this.#item(op, this.#beside(what), item);
    command.guards = true;
    return command;
  }

  #beside(what: 'lock' | 'fresh'): WireKey {
    return keyBeside(this.#key, what);
  }

  /** To the server of the guarded key, whatever the command's own key: all that guards it lives and dies with it. */
  async #send(command: ClientCommand): Promise<unknown> {
    this.#call.check();
    const server = this.#choose(this.#key);
    if (!server) throw noServers();
    this.#server = server;
    // The log says what its failure means for getOrSet.
    command.unlogged = true;
    return command.submit(undefined, undefined, server);
  }
}
