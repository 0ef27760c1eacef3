import { afterAll, afterEach, beforeAll } from 'vitest';
import { Client, type ClientOptions, type ServerOptions } from '../../../../src/index.ts';
import { startProxy, type TcpProxy } from '../../../support/proxy.ts';
import { type Abilities, EVERYTHING } from '../../../support/subject.ts';

export type Options = ClientOptions<string | Uint8Array, Buffer | null> & ServerOptions;

export type Protocol = 'binary' | 'meta' | 'classic';

/** A server that runs, of whatever kind. */
export interface RunningServer {
  /** What goes into `Client.create`: `host:port`, or the path of a unix socket. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  stop(): Promise<unknown>;
}

/** A server, and how a client talks to it. */
export interface TargetDescription {
  server: RunningServer;
  /** What every client for it needs: credentials, protocol. */
  options?: Options;
}

export type Setup = () => Promise<TargetDescription>;

/** What the cases work with; one server for all of them, so each case takes keys of its own. */
export class Target {
  /** The protocol that will be spoken, for the few cases where that is visible. */
  readonly protocol: Protocol;
  /** What the server can do, for the cases where servers differ. */
  readonly can: Abilities;
  #description: TargetDescription | undefined;
  #client: Client | undefined;
  readonly #clients = new Set<Client<never, unknown>>();
  readonly #proxies = new Set<TcpProxy>();
  #keys = 0;
  /** What was logged in the present case. */
  log: string[] = [];

  constructor(protocol: Protocol, can: Abilities) {
    this.protocol = protocol;
    this.can = can;
  }

  async start(setup: Setup): Promise<void> {
    this.#description = await setup();
    // How many failures were left out comes a second later, when another case may run.
    const log = (line: string) => void (/not logged one by one$/.test(line) || this.log.push(line));
    this.#client = this.create({ logger: { log } });
    this.#clients.clear();
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#description?.server.stop();
  }

  async clearAway(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
    for (const proxy of this.#proxies) await proxy.stop();
    this.#proxies.clear();
    // What the shared client has not logged of this case's failures is not logged in the next one.
    this.#client?.engine.log.flush();
    this.log = [];
  }

  get description(): TargetDescription {
    if (this.#description === undefined) throw new Error('the target has not been started');
    return this.#description;
  }

  /** The server's name in results and errors. */
  get name(): string {
    return this.description.server.address;
  }

  /** A client that all cases share. */
  get client(): Client {
    if (this.#client === undefined) throw new Error('the target has not been started');
    return this.#client;
  }

  /** A client that is closed at the end of the case. */
  create<TIn = string | Uint8Array, TOut = Buffer | null>(
    options: ClientOptions<TIn, TOut> & ServerOptions = {},
    address = this.description.server.address,
  ): Client<TIn, TOut> {
    const common = this.description.options as ClientOptions<TIn, TOut> & ServerOptions;
    // Cases about timeouts have their own; all others have to stand a busy machine.
    // What a client of an earlier case has still to say is not of this one.
    const { log } = this;
    const logger = { log: (...parts: unknown[]): void => void log.push(String(parts[0])) };
    const client = Client.create<TIn, TOut>(address, { logger, timeout: 5, ...common, ...options });
    // Only closed again, whatever its values are.
    this.#clients.add(client as unknown as Client<never, unknown>);
    return client;
  }

  /** A proxy in front of the server, gone at the end of the case. */
  async proxy(): Promise<TcpProxy> {
    const { port, host } = this.description.server;
    const proxy = await startProxy(port, host);
    this.#proxies.add(proxy);
    return proxy;
  }

  /** A key that no other case has. */
  key(label = 'key'): string {
    this.#keys += 1;
    return `${label}-${this.#keys}`;
  }

  /** The text that is stored under a key. */
  async text(key: string): Promise<string | null> {
    const { value } = await this.client.get(key);
    return value === null ? null : value.toString();
  }
}

/** Starts the server before the cases and stops it after them. */
export function useTarget(protocol: Protocol, setup: Setup, can: Abilities = EVERYTHING): Target {
  const target = new Target(protocol, can);
  beforeAll(() => target.start(setup), 20_000);
  afterEach(() => target.clearAway());
  afterAll(() => target.stop());
  return target;
}

/** The four bytes of client flags. */
export function flagsOf(flags: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(flags);
  return buffer;
}
