import type { EventEmitter } from 'node:events';
import { DEFAULT_PORT } from '../../cluster/address.ts';
import { Client, MemcacheError } from '../../index.ts';
import { Backend } from './backend.ts';
import { isIssue, toError } from './failures.ts';
import { HashRing, type ServerLocation } from './hash-ring.ts';
import { type FailureDetails, Issues } from './issues.ts';
import type { Settings } from './options.ts';
import type { Query, ServerClient } from './query.ts';

const DEFAULT_SERVER = `localhost:${DEFAULT_PORT}`;

/** The servers of a {@link Memcached}: which one has a key, their clients and their failures. */
export class Fleet {
  /** As they were given. */
  names: string[];
  readonly ring: HashRing;
  /** The failures of those that had some, by `host:port`. */
  readonly issues: Record<string, Issues> = {};
  readonly #settings: Settings;
  readonly #events: EventEmitter;
  readonly #backends = new Map<string, Backend>();
  readonly #replacements: string[];

  /** Throws for a list without servers. */
  constructor(location: ServerLocation | null | undefined, settings: Settings, events: EventEmitter) {
    const given = location || DEFAULT_SERVER;
    this.names = namesOf(given);
    if (this.names.length === 0) throw new Error('No servers where supplied in the arguments');
    this.ring = new HashRing(isWeighted(given) ? given : this.names, settings.algorithm, settings.compatibility);
    this.#settings = settings;
    this.#events = events;
    this.#replacements = [settings.failOverServers ?? []].flat();
  }

  /** The clients of those that were needed so far, by `host:port`. */
  get clients(): Record<string, ServerClient> {
    return Object.fromEntries([...this.#backends].map(([address, { client }]) => [address, client]));
  }

  /** The server of a key; `undefined` where all were removed. */
  serverOf(key: string): string | undefined {
    return this.names.length === 1 ? this.names[0] : this.ring.get(key);
  }

  /** The server of a query's key, and with `redundancy` those that keep it as well. */
  serversOf({ key, redundancyEnabled }: Query): (string | undefined)[] {
    const name = String(key);
    const others = Number(this.#settings.redundancy);
    return redundancyEnabled && others > 0 && others < this.names.length
      ? this.ring.range(name, others + 1)
      : [this.serverOf(name)];
  }

  isAvailable(server: string): boolean {
    return this.issues[withPort(server)]?.failed !== true;
  }

  /** Rejects with the error for a callback; what is the server's fault is counted. */
  async send(query: Query, server: string): Promise<unknown> {
    try {
      return await this.#backend(server).run((client) => query.send(client, this.#settings));
    } catch (error) {
      if (!(error instanceof MemcacheError)) throw error;
      const failure = toError(error);
      if (isIssue(error)) this.#issuesOf(server).log(failure.message);
      throw failure;
    }
  }

  end(): void {
    for (const backend of this.#backends.values()) void backend.end();
    for (const issues of Object.values(this.issues)) issues.end();
  }

  #backend(server: string): Backend {
    const address = withPort(server);
    const known = this.#backends.get(address);
    if (known !== undefined) return known;
    const { protocol, tls, username, password, connections, timeout, retries, idle } = this.#settings;
    const client = Client.create(address, {
      ...{ protocol, tls, username, password, connections },
      timeout: timeout / 1000,
      conntimeout: timeout / 1000,
      retries: retries > 0 ? 2 : 1,
      logger: false,
    });
    const backend = new Backend(client, idle);
    this.#backends.set(address, backend);
    return backend;
  }

  #issuesOf(server: string): Issues {
    const address = withPort(server);
    this.issues[address] ??= new Issues(address, this.#settings, {
      emit: (event, details) => void this.#events.emit(event, details),
      reach: () => this.#backend(server).client.connect(),
      remove: (details) => this.#remove(server, details),
    });
    return this.issues[address];
  }

  #remove(server: string, details: FailureDetails): void {
    void this.#backends.get(withPort(server))?.end();
    const replacement = this.#replacements.shift();
    if (replacement === undefined) {
      this.ring.remove(server);
      this.#events.emit('failure', details);
      return;
    }
    this.ring.swap(server, replacement);
    this.names = this.names.map((name) => (name === server ? replacement : name));
  }
}

/** `host:port`, or the path of a unix socket. */
export function withPort(server: string): string {
  return server.startsWith('/') || /:\d+$/.test(server) ? server : `${server}:${DEFAULT_PORT}`;
}

function isWeighted(location: ServerLocation): boolean {
  return typeof location === 'object' && !Array.isArray(location);
}

function namesOf(location: ServerLocation): string[] {
  if (typeof location === 'string') return [location];
  if (isWeighted(location)) return Object.keys(location);
  return location.length === 0 ? [DEFAULT_SERVER] : [...(location as readonly string[])];
}
