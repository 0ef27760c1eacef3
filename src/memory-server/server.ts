import { rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket, TlsOptions, Server as TlsServer } from 'node:tls';
import { tlsModule } from '../builtins.ts';
import { clearInterval, setInterval } from '../clock.ts';
import { Cluster, type ClusterNode } from './cluster.ts';
import { Commands } from './commands.ts';
import { Faults } from './faults.ts';
import { checkServerOptions, type MemoryServerOptions } from './options.ts';
import { Session, type SessionContext } from './session.ts';
import { generalStats, type ServerFacts } from './stats.ts';
import { Store } from './store.ts';
import { usersOf } from './users.ts';

const SWEEP_INTERVAL = 1_000;

/**
 * memcached in the process, for development and tests: it answers as memcached 1.6.45 does, over the binary, the meta
 * and the classic protocol, and misbehaves on request.
 *
 * @example
 * await using server = await MemoryServer.start();
 * const client = Client.create(server.address);
 */
export class MemoryServer implements AsyncDisposable {
  /** What goes wrong on purpose. */
  readonly faults: Faults;
  readonly #options: MemoryServerOptions;
  readonly #store: Store;
  readonly #sessions = new Set<Session>();
  readonly #sockets = new Set<Socket>();
  readonly #facts: ServerFacts;
  readonly #context: SessionContext;
  readonly #tls: TlsServer | undefined;
  readonly #sweeper: NodeJS.Timeout;
  #listener: NetServer;
  #port: number;
  /** Settled when the port is open, or could not be had. */
  #opening: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(options: MemoryServerOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.#store = new Store(options);
    this.faults = new Faults(
      {
        stopListening: () => this.#listener.close(),
        startListening: () => this.#listen(),
        faultsChanged: () => {
          for (const session of this.#sessions) session.faultsChanged();
        },
        disconnect: () => this.#disconnect(),
        push: (bytes) => {
          for (const session of this.#sessions) session.push(bytes);
        },
      },
      options.random,
    );
    this.#facts = this.#makeFacts();
    this.#context = {
      commands: new Commands(this.#store),
      facts: this.#facts,
      faults: this.faults,
      protocol: options.protocol ?? 'auto',
      users: usersOf(options.users),
    };
    this.#listener = this.#createListener();
    this.#tls = options.tls === undefined ? undefined : this.#createTls(options.tls);
    this.#sweeper = setInterval(() => this.#store.sweep(), SWEEP_INTERVAL);
    this.#sweeper.unref();
  }

  /**
   * Starts a server; it accepts connections when this resolves. Rejects when the address can't be had, and with
   * `ERR_INVALID_ARGUMENT` for invalid options.
   */
  static async start(options: MemoryServerOptions = {}): Promise<MemoryServer> {
    checkServerOptions(options);
    const server = new MemoryServer(options);
    try {
      await server.#listen();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The host that it listens on; '' for a unix socket. */
  get host(): string {
    return this.#options.path === undefined ? (this.#options.host ?? '127.0.0.1') : '';
  }

  /** The port that it listens on; 0 for a unix socket. */
  get port(): number {
    return this.#options.path === undefined ? this.#port : 0;
  }

  /** The path of the unix socket, if it is one. */
  get path(): string | undefined {
    return this.#options.path;
  }

  /** The server as `Client.create` takes it: `host:port`, a path, or a `memcacheds://` URL with TLS. */
  get address(): string {
    if (this.#options.path !== undefined) return this.#options.path;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `${this.#tls === undefined ? '' : 'memcacheds://'}${host}:${this.#port}`;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The nodes that it names when it is asked as ElastiCache's configuration endpoint; none: it does not play that. */
  get cluster(): readonly ClusterNode[] {
    return this.#facts.cluster.nodes;
  }

  set cluster(nodes: readonly ClusterNode[]) {
    this.#facts.cluster.nodes = nodes;
  }

  /** The general statistics, as `stats` tells them. */
  stats(): Record<string, string> {
    this.#store.tick();
    return Object.fromEntries(generalStats(this.#store, this.#facts));
  }

  /** Removes all items, for a fresh start between two tests. */
  clear(): void {
    this.#store.clear();
  }

  /** Drops all connections and stops listening. May be called again. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#stopped = true;
    this.#disconnect();
    // Where a fault that kept the port closed has just been removed, it is being opened again.
    await this.#opening;
    if (this.#listener.listening) await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    this.#store.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #makeFacts(): ServerFacts {
    const server = this;
    const { path, tls, users } = this.#options;
    return {
      get port() {
        return server.port;
      },
      host: this.#options.host ?? '127.0.0.1',
      path,
      tls: tls !== undefined,
      authentication: users !== undefined,
      get connections() {
        return server.connections;
      },
      cluster: new Cluster(),
      verbosity: 0,
      detail: false,
      crawler: true,
    };
  }

  #createListener(): NetServer {
    const listener = createServer({ noDelay: true });
    listener.on('connection', (socket: Socket) => this.#accept(socket));
    return listener;
  }

  #createTls(options: TlsOptions): TlsServer {
    const server = new (tlsModule().Server)(options);
    server.on('secureConnection', (socket: TLSSocket) => this.#open(socket));
    // The client sees why a handshake failed; its socket is closed.
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
    return server;
  }

  #listen(): Promise<void> {
    if (this.#stopped || this.#listener.listening) return Promise.resolve();
    const opened = this.#openPort();
    this.#opening = opened.catch(() => {});
    return opened;
  }

  async #openPort(): Promise<void> {
    const { path } = this.#options;
    this.#listener.removeAllListeners();
    this.#listener = this.#createListener();
    const listener = this.#listener;
    if (path !== undefined) removeLeftover(path);
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(path === undefined ? { host: this.host, port: this.#port } : { path }, () => {
        listener.removeListener('error', reject);
        resolve();
      });
    });
    if (path === undefined) this.#port = (listener.address() as AddressInfo).port;
    listener.on('error', () => {});
  }

  #accept(socket: Socket): void {
    const { counters } = this.#store;
    counters.total_connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const fault = this.faults.onAccept();
    if (fault !== undefined) {
      counters.rejected_connections++;
      socket.on('error', () => {});
    }
    switch (fault?.kind) {
      case 'refuse':
        // A unix socket knows no reset.
        if (this.path === undefined) socket.resetAndDestroy();
        else socket.destroy();
        return;
      case 'mute':
        socket.resume();
        return;
      case 'tooManyConnections':
        socket.end('ERROR Too many open connections\r\n', () => socket.destroy());
        return;
      default:
        if (this.#tls === undefined) this.#open(socket);
        else this.#tls.emit('connection', socket);
    }
  }

  #open(socket: Socket): void {
    const session = new Session(this.#context, socket);
    this.#sessions.add(session);
    socket.on('close', () => this.#sessions.delete(session));
  }

  #disconnect(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Removes the socket that a server left behind which did not stop by itself; nothing that is not a socket. */
function removeLeftover(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}
