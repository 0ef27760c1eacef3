import { EventEmitter } from 'node:events';
import { wallNow } from '../../clock.ts';
import { Fleet, withPort } from './fleet.ts';
import type { HashRing, ServerLocation } from './hash-ring.ts';
import type { Issues } from './issues.ts';
import { DEFAULTS, type MemcachedOptions, type Settings, toSettings } from './options.ts';
import {
  type Callback,
  type ListCallback,
  Query,
  type QueryParts,
  type ServerClient,
  type Validation,
} from './query.ts';

export const KEY: Validation[number] = ['key', String];
export const CALLBACK: Validation[number] = ['callback', Function];

/** What a query is but for its callback. */
type Parts = Omit<QueryParts, 'callback' | 'validate'> & { validate?: Validation };

/** How queries get to servers and back, without the methods that make them. */
export class Queries extends EventEmitter {
  /** Options of every instance that has none of its own. */
  static config: MemcachedOptions = { ...DEFAULTS };

  /** Commands that are not answered yet. */
  activeQueries = 0;
  protected readonly configuration: Settings;
  readonly #fleet: Fleet;

  /** Throws for a list without servers. */
  constructor(location?: ServerLocation | null, options?: MemcachedOptions | null) {
    super();
    this.configuration = toSettings((this.constructor as typeof Queries).config, options);
    this.#fleet = new Fleet(location, this.configuration, this);
  }

  get namespace(): string {
    return this.configuration.namespace;
  }

  /** The servers' names, as they were given. */
  get servers(): readonly string[] {
    return this.#fleet.names;
  }

  /** Which server has which keys. */
  get HashRing(): HashRing {
    return this.#fleet.ring;
  }

  /** The clients of the servers that were needed so far, by `host:port`. */
  get connections(): Readonly<Record<string, ServerClient>> {
    return this.#fleet.clients;
  }

  /** The failures of servers that had some, by `host:port`. */
  get issues(): Readonly<Record<string, Issues>> {
    return this.#fleet.issues;
  }

  /** Closes every connection once its responses are in. A command after it opens new ones. */
  end(): void {
    this.#fleet.end();
  }

  /** Calls back once for each server that has some of the keys, or for each server where no keys are given. */
  multi(
    keys: string[] | false | null | undefined,
    callback: (this: this, server: string, keys: string[] | undefined, index: number, total: number) => void,
  ): void {
    if (!keys) {
      for (const [i, server] of this.servers.entries()) callback.call(this, server, undefined, i, this.servers.length);
      return;
    }
    const groups = new Map<string, string[]>();
    for (const key of keys) {
      const server = this.#fleet.serverOf(key) ?? '';
      const group = groups.get(server);
      if (group === undefined) groups.set(server, [key]);
      else group.push(key);
    }
    for (const [i, [server, group]] of [...groups].entries()) callback.call(this, server, group, i, groups.size);
  }

  /** Sends a query to the server of its key, or to the one that is named. Every method comes through here. */
  command(compile: () => Query, server?: string): void {
    const query = compile();
    const { maxQueueSize } = this.configuration;
    const problem = query.problem(this.configuration);
    const [target, ...others] = server === undefined ? this.#fleet.serversOf(query) : [server];
    if (maxQueueSize > 0 && this.activeQueries >= maxQueueSize) query.settle('over queue limit', null);
    else if (problem !== undefined) query.settle(new Error(problem), undefined);
    else if (target === undefined || !this.#fleet.isAvailable(target)) {
      query.settle(new Error(`Server at ${target} not available`), undefined);
    } else this.#send(query, target, others);
  }

  #send(query: Query, server: string, others: (string | undefined)[]): void {
    const end = (error: unknown, result: unknown) => {
      this.activeQueries--;
      query.settle(error, result);
    };
    this.activeQueries++;
    query.start = wallNow();
    this.#fleet.send(query, server).then(
      (result) => end(undefined, result),
      // `false` is what a server has said.
      (error: { code?: string }) => end(error, error.code === 'ERR_CONNECT' ? undefined : false),
    );
    for (const other of others) {
      if (other !== undefined && this.#fleet.isAvailable(other)) this.#fleet.send(query, other).catch(() => {});
    }
  }

  protected ask(callback: Callback | undefined, parts: Parts, server?: string): Promise<unknown> | undefined {
    const ask = (settle: Callback) =>
      this.command(() => new Query({ validate: [KEY, CALLBACK], ...parts, callback: settle }), server);
    // One that stands where an argument was left out gets the error for that.
    const settle = callback ?? [parts.lifetime, parts.value, parts.cas].find((given) => typeof given === 'function');
    if (settle !== undefined) return ask(settle as Callback) as undefined;
    return promised((resolve, reject) => {
      ask((error, result) => (error ? reject(error instanceof Error ? error : new Error(error)) : resolve(result)));
    });
  }

  /** A list with what each server answers, and the last error; the promise rejects with it. */
  protected askAll(
    type: string,
    callback: ListCallback | undefined,
    run: (client: ServerClient, server: string) => Promise<unknown>,
  ): unknown {
    if (callback === undefined) {
      return promised((resolve, reject) => {
        this.askAll(type, (error, results) => (error ? reject(error) : resolve(results)), run);
      });
    }
    const results: unknown[] = [];
    let waiting = this.servers.length;
    let failure: unknown;
    this.multi(null, (server) => {
      const settle: Callback = (error, result) => {
        failure = error ?? failure;
        if (result) results.push(result);
        if (--waiting === 0) callback.call(undefined, failure, results);
      };
      const send: QueryParts['run'] = (client) => run(client, withPort(server));
      this.command(() => new Query({ type, callback: settle, validate: [], line: () => type, run: send }), server);
    });
    return undefined;
  }
}

/** A promise that nobody has to await: programs that were written for `memcached` know of none, and are not to end by it. */
export function promised<T>(run: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
  const promise = new Promise<T>(run);
  promise.catch(() => {});
  return promise;
}
