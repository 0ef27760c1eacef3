import type { Statistics } from '../../index.ts';

/** A server's statistics, numbers as numbers. Where there are none, not even the server is named, as in `memcached`. */
export interface ServerStatus {
  server?: string;
  // biome-ignore lint/suspicious/noExplicitAny: programs name the type of each, as `@types/memcached` lets them.
  [name: string]: any;
}

/** A server's version. */
export interface ServerVersion extends ServerStatus {
  server: string;
  version: string;
  major: string;
  minor: string;
  bugfix: string;
}

/** An item of a slab class: its key, its bytes, and the Unix time at which it expires. */
export interface DumpedItem {
  key: string;
  b: number;
  s: number;
}

/** One item is not a list, and none is nothing, as in `memcached`. */
export type CacheDump = DumpedItem[] | DumpedItem | undefined;

/** The general statistics, and the settings. */
export function toStatus(server: string, statistics: Statistics): ServerStatus {
  const entries = Object.entries(statistics);
  const status: ServerStatus = entries.length > 0 ? { server } : {};
  for (const [name, value] of entries) define(status, name, toNumber(value));
  return status;
}

/** `<class>:<name>`, by class. */
export const toSlabs = (server: string, statistics: Statistics): ServerStatus => grouped(server, statistics, 0);

/** `items:<class>:<name>`, by class. */
export const toItems = (server: string, statistics: Statistics): ServerStatus => grouped(server, statistics, 1);

export function toVersion(server: string, text: string): ServerVersion {
  const [version = text, major = '0', minor = '0', bugfix = '0'] = /(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return { server, version, major, minor, bugfix };
}

/** `[<bytes> b; <seconds> s]` by key. */
export function toCacheDump(statistics: Statistics): CacheDump {
  const items = Object.entries(statistics).map(([key, value]) => {
    const [, bytes = '', seconds = ''] = /^\[(\d+) b; (\d+) s\]$/.exec(value) ?? [];
    return { key, b: Number(bytes), s: Number(seconds) };
  });
  return items.length > 1 ? items : items[0];
}

function grouped(server: string, statistics: Statistics, first: number): ServerStatus {
  const entries = Object.entries(statistics);
  const groups: ServerStatus = entries.length > 0 ? { server } : {};
  for (const [name, value] of entries) {
    const parts = name.split(':');
    const group = parts[first] ?? '';
    if (!Object.hasOwn(groups, group)) define(groups, group, {});
    define(groups[group] as object, String(parts[first + 1]), toNumber(value));
  }
  return groups;
}

/** The name is from outside, and one of them could be __proto__. */
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function toNumber(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
