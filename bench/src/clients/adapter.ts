import type { Row } from '../row.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Target {
  readonly servers: readonly Address[];
  /** The certificate to trust, where the row is over TLS. */
  readonly ca?: string | undefined;
}

/** A value as a client takes it: the same bytes as a Buffer or as a string, or an object in the JSON rows. */
export type Value = Buffer | string | { readonly id: string; readonly text: string };

export interface Setup {
  readonly row: Row;
  readonly target: Target;
  /** The keys of the values, in every client's own order; `values[i]` belongs to `keys[i]`. */
  readonly keys: readonly string[];
  readonly values: readonly Value[];
  /** The keys that the row reads: `keys`, or keys that are not there. */
  readonly readKeys: readonly string[];
  /** The keys of each batch of a `getMulti` row. */
  readonly batches: readonly (readonly number[])[];
}

export type Done = (error: unknown, result?: unknown) => void;

/**
 * One client behind one face. The methods hand back what the client does, so that nothing is put between a client
 * and the code that awaits it; `read`, `stored` and `pick` tell what is in it.
 */
export interface Adapter {
  /** The form in which this client handles a plain value with the least work. */
  readonly takes: 'buffer' | 'string';
  connect(setup: Setup): Promise<void> | void;
  get(key: string, index: number): PromiseLike<unknown>;
  set(key: string, value: Value, index: number): PromiseLike<unknown>;
  getCallback?(key: string, done: Done, index: number): unknown;
  setCallback?(key: string, value: Value, done: Done, index: number): unknown;
  /** One call for all the keys. A client without one is measured with a `Promise.all` of gets. */
  getMulti?(keys: string[], batch: number): PromiseLike<unknown>;
  /** The value in what `get` resolved to, `null` or `undefined` for a miss. */
  read(result: unknown): unknown;
  /** The value in what `getCallback` was given; `read` where left out. */
  readCallback?(result: unknown): unknown;
  stored(result: unknown): boolean;
  /** The value of one key in what `getMulti` resolved to. */
  pick?(result: unknown, key: string, position: number): unknown;
  /** Reads one value in full, where `get` does not show it. */
  inspect?(index: number): Promise<unknown>;
  /** The adapter counts replies by their length itself, so that no value can be looked at. */
  readonly countsOnly?: boolean;
  close(): Promise<void> | void;
}

/** Long enough that no client times out, and that none is measured with its timeouts switched off. */
export const TIMEOUT_SECONDS = 20;

/** What goes wrong is reported by the benchmark itself, once. */
export const silentLogger = { log: () => undefined };

export function hostPorts(target: Target): string[] {
  return target.servers.map(({ host, port }) => `${host}:${port}`);
}

/** The JSON serializer that the clients with MemJS's `serializer` option are given. */
export const jsonSerializer = {
  serialize: (_opcode: number, value: unknown, extras: Buffer) => ({ value: JSON.stringify(value), extras }),
  deserialize: (_opcode: number, value: Buffer | null, extras: Buffer) => ({
    value: value === null || value.length === 0 ? null : JSON.parse(value.toString()),
    extras,
  }),
};
