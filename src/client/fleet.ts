import { EventEmitter } from 'node:events';
import { clearTimeout, setImmediate, setTimeout } from '../clock.ts';
import type { ServerLike } from '../cluster/command.ts';
import { type DiscoveredServer, type Discovery, Watcher } from '../cluster/discovery/discovery.ts';
import { guarded, type Log } from '../cluster/log.ts';
import { isOurs, serverName } from '../cluster/router.ts';
import { Selection } from '../cluster/selection.ts';
import { Server, type ServerOptions } from '../cluster/server.ts';
import { DEBUGGING, debug } from '../debug.ts';
import { MemcacheError } from '../errors.ts';
import { hintAtCredentials } from './hints.ts';
import type { ResolvedOptions } from './options.ts';
import { makeServers, placeOf, serverAt } from './servers.ts';

/** What a fleet needs of its client. */
export interface FleetHost {
  servers: readonly Server[];
  readonly options: ResolvedOptions & ServerOptions;
  readonly log: Log;
}

/** The servers of a client besides the list itself: who watches them, what they are replaced by, where they come from. */
export class Fleet {
  readonly events = new EventEmitter();
  /** Whether there is a source that is not being asked. */
  dormant = false;
  /** The order of the servers for a key. */
  readonly selection: Selection;
  /** Servers that stand in for ejected ones. */
  readonly gutter: readonly Server[];
  readonly gutterSelection: Selection;
  readonly #host: FleetHost;
  readonly #watcher: Watcher | undefined;
  /** Servers that have left the list and finish what they have. */
  readonly #leaving = new Set<Server>();
  /** Resolves with the first list, while commands wait for it. */
  #first: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  constructor(host: FleetHost) {
    this.#host = host;
    const { distribution, failover, discovery } = host.options;
    this.selection = new Selection(distribution);
    this.gutterSelection = new Selection(distribution);
    const { gutter, expires } = typeof failover === 'object' ? failover : { gutter: undefined, expires: undefined };
    this.gutter = gutter === undefined ? [] : makeServers(gutter, host.options, expires);
    for (const server of [...host.servers, ...this.gutter]) this.#watch(server);
    if (discovery === undefined) return;
    this.#watcher = this.#discover(discovery);
    this.dormant = true;
  }

  /** All servers that commands can go to. */
  get all(): readonly Server[] {
    return [...this.#host.servers, ...this.gutter];
  }

  /** Whether commands have to wait for a first list of servers. */
  get unknown(): boolean {
    return this.#watcher !== undefined && this.#host.servers.length === 0;
  }

  /** Resolves when there is a list; rejects when the source can't be asked, or has not answered in time. */
  async known(): Promise<void> {
    if (!this.unknown) return;
    if (this.#failure !== undefined) throw this.#failure;
    this.#first ??= firstList(this.#host.options.conntimeout ?? 2 * (this.#host.options.timeout ?? 0.5));
    await this.#first.promise;
  }

  /** Begins to ask the source, for the first time or after the client was closed. */
  wake(): void {
    this.dormant = false;
    this.#failure = undefined;
    this.#watcher?.start();
  }

  /** Resolves when nobody waits for a first list any more, and those who did have sent what they had. */
  async settled(): Promise<void> {
    if (this.#first === undefined) return;
    await this.#first.promise.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Stops asking the source until the next command, fails who waits for it, and closes the servers that are leaving. */
  close(): void {
    this.#sleep();
    for (const server of this.#leaving) server.close();
  }

  /** Waits for the servers that are leaving. */
  async quit(): Promise<void> {
    this.#sleep();
    await Promise.all([...this.#leaving].map((server) => server.quit()));
  }

  #sleep(): void {
    this.#watcher?.stop();
    this.dormant = this.#watcher !== undefined;
    // Who comes after this waits for a response of its own.
    this.#first?.reject(new MemcacheError('ERR_CLOSED', 'The client was closed'));
    this.#first = undefined;
  }

  #discover(discovery: Discovery): Watcher {
    return new Watcher(discovery, {
      found: (servers) => this.#replace(servers),
      failed: (cause) => {
        const error = new MemcacheError('ERR_NO_SERVERS', 'No servers available: discovery failed', { cause });
        this.#host.log.write('error', `memts: Discovery failed: ${cause.message}`);
        if (this.#host.servers.length > 0) return;
        this.#failure = error;
        this.#first?.reject(error);
        this.#first = undefined;
      },
    });
  }

  /** Servers that stay keep their connections; those that go finish what they have. */
  #replace(found: readonly DiscoveredServer[]): void {
    const present = new Map(this.#host.servers.map((server) => [identity(server), server]));
    const places = found.map((address, index) => placeOf(address, `server ${index + 1} of discovery`));
    const distinct = new Map(places.map((place) => [identity(place), place]));
    const next = [...distinct].map(([key, place]) => {
      const known = present.get(key);
      if (known !== undefined) return known;
      const server = serverAt(place, this.#host.options);
      this.#watch(server);
      return server;
    });
    this.#failure = undefined;
    const gone = this.#host.servers.filter((server) => !next.includes(server));
    if (gone.length > 0 || next.length !== present.size || next.some((server, i) => server !== this.#host.servers[i])) {
      this.#host.servers = next;
    }
    for (const server of gone) void this.#dismiss(server);
    this.#first?.resolve();
    this.#first = undefined;
  }

  async #dismiss(server: Server): Promise<void> {
    if (!isOurs(server)) return;
    this.#leaving.add(server);
    await server.dismiss();
    this.#leaving.delete(server);
    server.removeAllListeners('up').removeAllListeners('down');
  }

  #watch(server: ServerLike): void {
    if (!(server instanceof Server)) return;
    const { log } = this.#host;
    hintAtCredentials(server.username, server.password, log);
    server.on('down', (error: MemcacheError) => {
      if (DEBUGGING) debug(`${serverName(server)} is down: ${error.message}`);
      log.write('error', `memts: Server <${serverName(server)}> is down: ${error.message}`);
      guarded(() => this.events.emit('down', server, error));
    });
    server.on('up', () => {
      if (DEBUGGING) debug(`${serverName(server)} is up again`);
      log.write('info', `memts: Server <${serverName(server)}> is up again`);
      guarded(() => this.events.emit('up', server));
    });
  }
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
  const timer = setTimeout(
    () => reject(new MemcacheError('ERR_NO_SERVERS', 'No servers available: discovery did not answer in time')),
    seconds * 1000,
  );
  // The rejection also reaches whoever waits; here it only ends the timer.
  promise.catch(() => {}).finally(() => clearTimeout(timer));
  return { promise, resolve, reject };
}
