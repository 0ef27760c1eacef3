import { EventEmitter } from 'node:events';
import { clearTimeout, setImmediate, setTimeout } from '../clock.ts';
import { DEFAULT_TIMEOUT } from '../connection/connection-options.ts';
import type { FrameNumbers } from '../connection/frame-numbers.ts';
import type { ServerStatus } from '../connection/status.ts';
import type { Transport } from '../connection/transport.ts';
import { DEBUGGING, debug } from '../debug.ts';
import { closedError, invalidArgument, type MemcacheError, noServers } from '../errors.ts';
import type { WireKey } from '../protocol/request.ts';
import { type Backend, Backends, isServer } from './backend.ts';
import { type DiscoveredServer, type Discovery, Watcher } from './discovery/discovery.ts';
import type { Distribution } from './distribution/distribution.ts';
import { nextInList } from './distribution/pick.ts';
import { guarded, type Log } from './log.ts';
import { RepairReports } from './repair/repair-reports.ts';
import { type RepairOptions, Repairs } from './repair/repairs.ts';
import { asText, Selection } from './selection.ts';
import { Server, type ServerLike, type ServerOptions } from './server.ts';
import { makeServers, placeOf, type ServerList, serverAt } from './server-list.ts';

/** Servers that stand in for ejected ones. */
export interface Gutter {
  gutter: ServerList;
  /** The longest expiration there, in seconds: short, since a value changed meanwhile is old when its server is back. */
  expires: number;
}

/** What a fleet needs of a client's options. */
export interface FleetOptions extends ServerOptions {
  readonly distribution: Distribution;
  readonly failover: boolean | Gutter;
  readonly discovery?: Discovery | undefined;
  readonly repair?: RepairOptions | boolean | undefined;
  readonly keyPrefix: string;
}

/** Says which of the servers has a key; the user's own function may stand here. */
export interface Chooser {
  getServer(key: string): number | string;
}

/** The servers of a client: which of them has a key, who watches them, what they are replaced by, where they come from. */
export class Fleet {
  /** The user may change it, or put another in its place. */
  servers: readonly Server[];
  // What TypeScript infers has an argument that other versions of @types/node do not take.
  readonly events: EventEmitter = new EventEmitter();
  /** Whether there is a source of servers. */
  readonly discovers: boolean;
  readonly #options: FleetOptions;
  readonly #log: Log;
  readonly #backends: Backends;
  readonly #chooser: Chooser;
  /** What `getServer` of the chooser is as long as the user has not replaced it. */
  readonly #getServer: Chooser['getServer'];
  /** The order of the servers for a key. */
  readonly #selection: Selection;
  /** Servers that stand in for ejected ones. */
  readonly #gutter: readonly Server[];
  readonly #gutterSelection: Selection;
  readonly #watcher: Watcher | undefined;
  /** Whether the source is not being asked. */
  #dormant = false;
  /** Servers that have left the list and finish what they have. */
  readonly #leaving = new Set<Server>();
  /** Resolves with the first list, while commands wait for it. */
  #first: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  /** The keys that servers may have old values of, where they are repaired. */
  readonly repairs: Repairs | undefined;
  readonly #reports: RepairReports;

  constructor(
    servers: readonly ServerLike[],
    options: FleetOptions,
    log: Log,
    numbers: FrameNumbers,
    chooser: Chooser,
    getServer: Chooser['getServer'],
  ) {
    // Typed as in @types/memjs; what is not a Server has as much of one as MemJS's contract asks for.
    this.servers = servers as readonly Server[];
    this.#options = options;
    this.#log = log;
    this.#backends = new Backends(numbers);
    this.#chooser = chooser;
    this.#getServer = getServer;
    const { distribution, failover, discovery, repair } = options;
    this.#selection = new Selection(distribution);
    this.#gutterSelection = new Selection(distribution);
    const { gutter, expires } = typeof failover === 'object' ? failover : { gutter: undefined, expires: undefined };
    this.#gutter = gutter === undefined ? [] : makeServers(gutter, options, expires);
    for (const server of [...this.servers, ...this.#gutter]) this.#watch(server);
    this.#reports = new RepairReports(options.keyPrefix, log, (event, server, keys) => {
      guarded(() => this.events.emit(event, server, keys));
    });
    if (repair) this.repairs = new Repairs(repair === true ? {} : repair, this, this.#reports);
    this.discovers = discovery !== undefined;
    if (discovery === undefined) return;
    this.#watcher = this.#discover(discovery);
    this.#dormant = true;
  }

  /** How many servers commands can go to. */
  get size(): number {
    return this.servers.length + this.#gutter.length;
  }

  /** The servers of the list. */
  get backends(): Backend[] {
    return this.servers.map((server) => this.#backends.of(server));
  }

  /** These and the ones that stand in. */
  get all(): Backend[] {
    return [...this.backends, ...this.#gutter.map((server) => this.#backends.of(server))];
  }

  /** The place in the list that the distribution has for a key. */
  index(key: string): number {
    return this.#selection.index(key, this.servers);
  }

  /**
   * The server for a key; instead of one that is ejected the next in the order of the distribution, or one of the spare
   * pool; none when all are ejected.
   */
  backend(key: WireKey): Backend | undefined {
    const { servers } = this;
    const first = servers.length > 1 ? Number(this.#chooser.getServer(asText(key))) : 0;
    const server = servers[first];
    if (server) {
      // As `of` does, without a call for each command.
      const backend = server.write === Server.prototype.write ? server : this.#backends.of(server);
      if (!backend.ejected) return backend;
    }
    const standIn = this.#standIn(asText(key), first);
    return standIn === undefined ? undefined : this.#backends.of(standIn);
  }

  /** The server that a key belongs to, whether it is ejected or not: what must not be in two places goes to no other. */
  home(key: WireKey): Backend | undefined {
    const { servers } = this;
    const server = servers[servers.length > 1 ? Number(this.#chooser.getServer(asText(key))) : 0];
    return server === undefined ? undefined : this.#backends.of(server);
  }

  /** Whether a server is the one that a key belongs to, and none that stands in for it. */
  isOwn(server: Backend | undefined, key: WireKey): boolean {
    return server !== undefined && this.home(key) === server;
  }

  /** The same as MemJS has it: a transport is the caller's own object. */
  server(key: WireKey): ServerLike | undefined {
    const backend = this.backend(key);
    return backend === undefined || backend instanceof Server ? backend : (backend as Transport).server;
  }

  #standIn(key: string, first: number): Server | undefined {
    const { servers } = this;
    const gutter = this.#gutter;
    if (gutter.length > 0) return gutter[this.#gutterSelection.after(key, gutter, this.#isEjected(gutter)) ?? -1];
    if (servers.length === 0) return undefined;
    if (servers[first] === undefined) {
      throw invalidArgument('getServer', 'expected the index of a server');
    }
    const isEjected = this.#isEjected(servers);
    // The order behind the user's own function is not known: then it is the list's, as in MemJS.
    const ownOrder = this.#chooser.getServer === this.#getServer;
    const next = ownOrder
      ? this.#selection.after(key, servers, isEjected)
      : nextInList(first, servers.length, isEjected);
    return next === undefined ? undefined : servers[next];
  }

  #isEjected(servers: readonly Server[]): (index: number) => boolean {
    return (index) => {
      const server = servers[index];
      return server !== undefined && this.#backends.of(server).ejected;
    };
  }

  /** Whether commands have to wait for a first list of servers. */
  get unknown(): boolean {
    return this.discovers && this.servers.length === 0;
  }

  /** What is known of each server, by its name, the spare ones included. */
  status(): Record<string, ServerStatus> {
    const { repairs } = this;
    return Object.fromEntries(
      this.all.map((server) => {
        const status = server.status();
        return [server.name, repairs === undefined ? status : { ...status, unrepaired: repairs.waiting(server) }];
      }),
    );
  }

  /** Resolves when there is a list; rejects when the source can't be asked, or has not answered in time. */
  async known(): Promise<void> {
    if (!this.unknown) return;
    if (this.#failure !== undefined) throw this.#failure;
    this.#first ??= firstList(this.#options.conntimeout ?? 2 * (this.#options.timeout ?? DEFAULT_TIMEOUT));
    await this.#first.promise;
  }

  /** Begins to ask the source, for the first time or after the client was closed. */
  wake(): void {
    if (!this.#dormant) return;
    this.#dormant = false;
    this.#failure = undefined;
    this.#watcher?.start();
  }

  /** Resolves when nobody waits for a first list any more, and those who did have sent what they had. */
  async settled(): Promise<void> {
    if (this.#first === undefined) return;
    await this.#first.promise.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Opens a connection to each server; rejects with an `AggregateError` of what went wrong. */
  async connect(): Promise<void> {
    const opened = await Promise.allSettled(this.backends.map((server) => server.connect()));
    const errors = opened.filter((result) => result.status === 'rejected').map(({ reason }) => reason as Error);
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${opened.length} servers failed`);
  }

  /** Gives up the keys that could not be repaired, and tells of all. */
  endRepairs(): void {
    this.repairs?.giveUp();
    this.#reports.flush();
  }

  /** Stops asking the source until the next command, fails who waits for it, and closes all servers. */
  close(): void {
    this.#sleep();
    for (const server of this.#leaving) server.close();
    for (const server of this.all) server.close();
  }

  /** Stops asking the source, and waits for the servers that are leaving. */
  async quit(): Promise<void> {
    this.#sleep();
    await Promise.all([...this.#leaving].map((server) => server.quit()));
  }

  #sleep(): void {
    this.#watcher?.stop();
    this.#dormant = this.#watcher !== undefined;
    // Who comes after this waits for a response of its own.
    this.#first?.reject(closedError());
    this.#first = undefined;
  }

  #discover(discovery: Discovery): Watcher {
    return new Watcher(discovery, {
      found: (servers) => this.#replace(servers),
      failed: (cause) => {
        const error = noServers(cause, ': discovery failed');
        this.#log.write('error', `memts: Discovery failed: ${cause.message}`);
        if (this.servers.length > 0) return;
        this.#failure = error;
        this.#first?.reject(error);
        this.#first = undefined;
      },
    });
  }

  /** Servers that stay keep their connections; those that go finish what they have. */
  #replace(found: readonly DiscoveredServer[]): void {
    const present = new Map(this.servers.map((server) => [identity(server), server]));
    const places = found.map((address, index) => placeOf(address, `server ${index + 1} of discovery`));
    const distinct = new Map(places.map((place) => [identity(place), place]));
    const next = [...distinct].map(([key, place]) => {
      const known = present.get(key);
      if (known !== undefined) return known;
      const server = serverAt(place, this.#options);
      this.#watch(server);
      return server;
    });
    this.#failure = undefined;
    const gone = this.servers.filter((server) => !next.includes(server));
    if (gone.length > 0 || next.length !== present.size || next.some((server, i) => server !== this.servers[i])) {
      this.servers = next;
    }
    for (const server of gone) void this.#dismiss(server);
    this.#first?.resolve();
    this.#first = undefined;
  }

  async #dismiss(server: Server): Promise<void> {
    if (!isServer(server)) return;
    this.repairs?.left(server);
    this.#leaving.add(server);
    await server.dismiss();
    this.#leaving.delete(server);
    server.removeAllListeners('up').removeAllListeners('down');
  }

  #watch(server: ServerLike): void {
    if (!(server instanceof Server)) return;
    const { name } = this.#backends.of(server);
    hintAtCredentials(server.username, server.password, this.#log);
    server.on('down', (error: MemcacheError) => {
      if (DEBUGGING) debug(`${name} is down: ${error.message}`);
      this.#log.write('error', `memts: Server <${name}> is down: ${error.message}`);
      guarded(() => this.events.emit('down', server, error));
    });
    server.on('up', () => {
      if (DEBUGGING) debug(`${name} is up again`);
      this.#log.write('info', `memts: Server <${name}> is up again`);
      this.repairs?.up(server);
      guarded(() => this.events.emit('up', server));
    });
  }
}

/** Logs credentials of which a half is missing: then there is no login at all. */
function hintAtCredentials(username: string | undefined, password: string | undefined, log: Log): void {
  if (Boolean(username) === Boolean(password)) return;
  const message = username
    ? 'memts: there is a username without a password, so there is no login'
    : 'memts: there is a password without a username, so there is no login';
  log.once('credentials', 'warn', message);
}

/** A server in another place, or with another share of the keys, is another server. */
function identity({ host, port, weight = 1 }: { host: string; port: number; weight?: number | undefined }): string {
  return `${host}:${port}:${weight}`;
}

function firstList(seconds: number): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const timer = setTimeout(() => reject(noServers(undefined, ': discovery did not answer in time')), seconds * 1000);
  // The rejection also reaches whoever waits; here it only ends the timer.
  promise.catch(() => {}).finally(() => clearTimeout(timer));
  return { promise, resolve, reject };
}
