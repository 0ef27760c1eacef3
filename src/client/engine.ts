import type { Backend } from '../cluster/backend.ts';
import type { Command } from '../cluster/command.ts';
import { type Chooser, Fleet, type Gutter } from '../cluster/fleet.ts';
import { Log } from '../cluster/log.ts';
import { Router } from '../cluster/router.ts';
import type { ServerLike } from '../cluster/server.ts';
import { FrameNumbers } from '../connection/frame-numbers.ts';
import { invalid } from '../errors.ts';
import { checkKey, type WireKey } from '../protocol/request.ts';
import { noopSerializer, type Serializer } from '../serializers/serializer.ts';
import { untilAborted } from './aborts.ts';
import { HeldKeys } from './held-keys.ts';
import { hintAtClientOptions, hintAtServers } from './hints.ts';
import { KeyMaker } from './keys.ts';
import { OpenCalls } from './open-calls.ts';
import { type ClientOptions, checkOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { WatchedKeys } from './watched-keys.ts';

// The caller's own types of values are checked where the commands are called, not on their way.
type AnySerializer = Serializer<unknown, unknown>;

/** What is behind a client: its options, its servers, and the way that its commands go. */
export class Engine {
  readonly options: ResolvedOptions & ClientOptions<unknown, unknown>;
  readonly log: Log;
  serializer: AnySerializer;
  readonly numbers = new FrameNumbers();
  /** Changes keys for the wire, where an option asks for it. */
  readonly #keyMaker: KeyMaker | undefined;
  readonly fleet: Fleet;
  readonly router: Router;
  /** The calls under way that are made of several commands. */
  readonly calls = new OpenCalls();
  readonly watched = new WatchedKeys();
  readonly held = new HeldKeys((command) => this.#forward(command));

  /** `getServer` is what that of `chooser` is as long as the user has not replaced it. */
  constructor(servers: readonly ServerLike[], options: object, chooser: Chooser, getServer: Chooser['getServer']) {
    checkOptions(options);
    if (!Array.isArray(servers)) throw invalid('servers', 'an array of servers', servers);
    this.options = resolveOptions(options);
    this.log = new Log(this.options);
    hintAtClientOptions(this.options, this.log);
    hintAtServers((this.options.failover as Gutter).gutter, this.log);
    this.serializer = this.options.serializer ?? noopSerializer;
    const { keyPrefix, hashLongKeys } = this.options;
    if (keyPrefix !== '' || hashLongKeys) this.#keyMaker = new KeyMaker(keyPrefix, hashLongKeys);
    this.fleet = new Fleet(servers, this.options, this.log, this.numbers, chooser, getServer);
    this.router = new Router(this.options, this.log, this.fleet, this.fleet.repairs);
  }

  /** A key as it is sent; throws `ERR_INVALID_KEY`. */
  toWire(key: unknown): WireKey {
    if (this.#keyMaker !== undefined) return this.#keyMaker.toWire(key);
    checkKey(key);
    // Its caller may change it as soon as the call has returned.
    return typeof key === 'string' ? key : Buffer.from(key);
  }

  /** Sends a command to the server of its key, as soon as it is known which servers there are. */
  send(command: Command): void {
    const { numbers, fleet, held } = this;
    numbers.last = (numbers.last + 1) >>> 0;
    if (fleet.discovers || !held.empty) this.route(command);
    else this.router.dispatch(command);
  }

  /** The same without a number of its own. */
  route(command: Command): void {
    if (this.held.empty || !this.held.waits(command)) this.#forward(command);
  }

  /** Sends a command to this server, whatever its key. */
  sendTo(server: Backend, command: Command): void {
    this.numbers.next();
    command.pinned = true;
    command.server = server;
    this.route(command);
  }

  #forward(command: Command): void {
    const { fleet, router } = this;
    if (command.pinned || !fleet.discovers) {
      router.dispatch(command);
      return;
    }
    fleet.wake();
    if (fleet.unknown) router.hold(command, fleet.known());
    else router.dispatch(command);
  }

  /** Whether commands for any keys can be sent at once. */
  get ready(): boolean {
    this.fleet.wake();
    return this.held.empty && !this.fleet.unknown;
  }

  /** Does something that asks several servers, as soon as it is known which there are. */
  whenKnown<T>(ask: () => Promise<T>, signal?: AbortSignal | null): Promise<T> {
    return this.untilKnown(signal)?.then(ask) ?? ask();
  }

  /** Resolves when it is known which servers there are; nothing where it is, so that a call sends before it returns. */
  untilKnown(signal?: AbortSignal | null): Promise<void> | undefined {
    const { fleet } = this;
    fleet.wake();
    if (!fleet.unknown) return undefined;
    const known = fleet.known();
    // What is no signal is refused by what is asked.
    return signal instanceof AbortSignal ? untilAborted(known, signal) : known;
  }

  /** Waits for all that is under way, disconnects from each server and closes. */
  async quit(): Promise<void> {
    const { numbers, calls, fleet, router, held } = this;
    numbers.next();
    const heldUp = fleet.unknown;
    await calls.leave();
    await held.idle();
    let retried: number;
    do {
      await fleet.settled();
      // What waited for a list of servers has only begun now.
      if (heldUp) await calls.leave();
      ({ retried } = router);
      await router.idle();
      await fleet.repairs?.settle();
      fleet.endRepairs();
      await Promise.all(fleet.all.map((server) => server.quit()));
      // A command that was sent again meanwhile has opened another connection.
    } while (router.retrying || router.retried !== retried);
    await fleet.quit();
    this.log.flush();
  }

  /** Ends all that is under way, and closes. */
  close(): void {
    this.calls.close();
    this.held.close();
    this.router.close();
    this.fleet.close();
    this.fleet.endRepairs();
    this.log.flush();
  }
}
