import type { Done } from '../watch.ts';

/** How a subject is set up; times are in seconds. */
export interface Settings {
  servers: readonly string[];
  protocol: 'binary' | 'meta' | 'classic';
  failover: boolean | { gutter: string; expires: number };
  /** Whether keys whose writes fail are deleted when their server is back. */
  repair?: boolean;
  connections: number;
  failoverTime: number;
  timeout: number;
  conntimeout: number;
  retries: number;
  retryDelay: number;
  username?: string;
  password?: string;
  /** The certificate of the authority to trust, as PEM. */
  ca?: string;
  discovery?: { kind: 'dns'; nameserver: string; host: string } | { kind: 'elasticache'; endpoint: string };
}

/** A client as the load sees it: every command ends in one call of `done`. A miss is `null`. */
export interface Subject {
  readonly name: string;
  /** Whether `prepend` puts things in front: MemJS's puts them behind. */
  readonly prepends: boolean;
  get(key: string, done: Done): void;
  set(key: string, value: string, done: Done): void;
  add(key: string, value: string, done: Done): void;
  replace(key: string, value: string, done: Done): void;
  append(key: string, value: string, done: Done): void;
  prepend(key: string, value: string, done: Done): void;
  increment(key: string, amount: number, initial: number, done: Done): void;
  decrement(key: string, amount: number, initial: number, done: Done): void;
  delete(key: string, done: Done): void;
  touch(key: string, seconds: number, done: Done): void;
  /** Drops all connections; commands that wait fail. */
  close(): void;
  /** Disconnects for good. */
  quit(): Promise<void>;
}

/** How long a command may take at all, in milliseconds: the promise of the options, at each server that it may try. */
export function boundOf({ retries, conntimeout, timeout, retryDelay, failover, servers }: Settings): number {
  const each = retries * (conntimeout + timeout) + (retries - 1) * retryDelay;
  const spare = typeof failover === 'object' ? 1 : 0;
  const tried = failover ? Math.max(1, servers.length + spare) : 1;
  return Math.ceil(1000 * each * tried);
}
