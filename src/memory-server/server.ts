import { rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket, TlsOptions, Server as TlsServer } from 'node:tls';
import { tlsModule } from '../builtins.ts';
import { clearInterval, setInterval } from '../clock.ts';
import { MemcacheError } from '../errors.ts';
import { Cluster, type ClusterNode } from './cluster.ts';
import { Commands } from './commands.ts';
import { Faults } from './faults.ts';
import { type ServerProtocol, Session, type SessionContext } from './session.ts';
import { generalStats, type ServerFacts } from './stats.ts';
import { Store } from './store.ts';
import { type Users, usersOf } from './users.ts';

export interface MemoryServerOptions {
  /**
   * The address to listen on. Anything but a loopback address lets others in; this is no server for production.
   * @default '127.0.0.1'
   */
  host?: string | undefined;
  /**
   * The port; 0 for any free one, which {@link MemoryServer.port} tells.
   * @default 0
   */
  port?: number | undefined;
  /** The path of a unix socket, instead of host and port. */
  path?: string | undefined;
  /**
   * Bytes that all items together may take; past that the least recently used ones are evicted.
   * @default 67_108_864 (64 MB)
   */
  memoryLimit?: number | undefined;
  /**
   * Bytes that one item may take, key and overhead included (memcached's `-I`).
   * @default 1_048_576 (1 MB)
   */
  maxItemSize?: number | undefined;
  /** Who may log in, as a list or as an object of passwords by user name. Without it nobody has to. */
  users?: Users | undefined;
  /** TLS, with the options of `tls.createServer` (`key` and `cert` at least). */
  tls?: TlsOptions | undefined;
  /**
   * Which protocols are spoken: found out by a connection's first byte, or only one kind, as with memcached's `-B`.
   * memcached with SASL (`-S`) is `'binary'`, with ASCII authentication (`-Y`) `'ascii'`.
   * @default 'auto'
   */
  protocol?: ServerProtocol | undefined;
  /**
   * The time in milliseconds since 1970, for tests that let time pass without waiting.
   * @default the system's clock, which fake timers do not move
   */
  clock?: (() => number) | undefined;
  /**
   * Where faults with a `share` or a `jitter` take their numbers from 0 to 1 from, for tests that repeat themselves.
   * @default Math.random
   */
  random?: (() => number) | undefined;
}

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

  /** Starts a server; it accepts connections when this resolves. Rejects when the address can't be had. */
  static async start(options: MemoryServerOptions = {}): Promise<MemoryServer> {
    checkSize('memoryLimit', options.memoryLimit);
    checkSize('maxItemSize', options.maxItemSize);
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
    // A handshake that fails is the client's affair; its socket is closed.
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
    return server;
  }

  async #listen(): Promise<void> {
    const { path } = this.#options;
    if (this.#stopped) return;
    if (this.#listener.listening) return;
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

function checkSize(name: string, bytes: number | undefined): void {
  if (bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 1024)) return;
  throw new MemcacheError('ERR_INVALID_ARGUMENT', `${name} must be a number of bytes, at least 1024`);
}

/** Removes the socket that a server left behind which did not stop by itself; nothing that is not a socket. */
function removeLeftover(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}
