import type { Cluster } from './cluster.ts';
import { type Item, Mark } from './item.ts';
import { classOf, classSizes, PAGE_BYTES } from './slabs.ts';
import type { Store } from './store.ts';
import { encodeKey } from './wire/meta.ts';

/** The version that the server says it is; the one that its responses are held against. */
export const VERSION = '1.6.45';

/** What the statistics tell about the server around the store. */
export interface ServerFacts {
  readonly port: number;
  readonly host: string;
  readonly path: string | undefined;
  readonly tls: boolean;
  readonly authentication: boolean;
  readonly connections: number;
  readonly cluster: Cluster;
  verbosity: number;
  detail: boolean;
  crawler: boolean;
}

/** One statistic: a name and a value. */
export type Statistic = readonly [name: string, value: string];

function entry(name: string, value: string | number | bigint): Statistic {
  return [name, String(value)];
}

const onOff = (on: boolean): string => (on ? 'yes' : 'no');

/** `stats` without an argument. What the server has no counterpart of (slabs, threads) is not made up. */
export function generalStats(store: Store, facts: ServerFacts): Statistic[] {
  const usage = process.cpuUsage();
  const seconds = (microseconds: number): string => (microseconds / 1_000_000).toFixed(6);
  const { total_items, expired_unfetched, evicted_unfetched, evictions, reclaimed, ...others } = store.counters;
  const { crawler_reclaimed, crawler_items_checked, total_connections, rejected_connections, ...counted } = others;
  return [
    entry('pid', process.pid),
    entry('uptime', store.uptime),
    entry('time', store.unixTime(store.now)),
    entry('version', VERSION),
    entry('pointer_size', 64),
    entry('rusage_user', seconds(usage.user)),
    entry('rusage_system', seconds(usage.system)),
    entry('max_connections', 1024),
    entry('curr_connections', facts.connections),
    entry('total_connections', total_connections),
    entry('rejected_connections', rejected_connections),
    ...Object.entries(counted).map(([name, value]) => entry(name, value)),
    entry('limit_maxbytes', store.memoryLimit),
    entry('accepting_conns', 1),
    entry('threads', 1),
    entry('bytes', store.bytes),
    entry('curr_items', store.count),
    entry('total_items', total_items),
    entry('expired_unfetched', expired_unfetched),
    entry('evicted_unfetched', evicted_unfetched),
    entry('evictions', evictions),
    entry('reclaimed', reclaimed),
    entry('crawler_reclaimed', crawler_reclaimed),
    entry('crawler_items_checked', crawler_items_checked),
  ];
}

/** `stats settings` */
export function settingsStats(store: Store, facts: ServerFacts): Statistic[] {
  return [
    entry('maxbytes', store.memoryLimit),
    entry('maxconns', 1024),
    entry('tcpport', facts.port),
    entry('udpport', 0),
    entry('inter', facts.host),
    entry('verbosity', facts.verbosity),
    entry('oldest', store.oldestLive),
    entry('evictions', 'on'),
    entry('domain_socket', facts.path ?? 'NULL'),
    entry('growth_factor', '1.25'),
    entry('chunk_size', 48),
    entry('num_threads', 1),
    entry('stat_key_prefix', ':'),
    entry('detail_enabled', onOff(facts.detail)),
    entry('cas_enabled', 'yes'),
    entry('binding_protocol', 'auto-negotiate'),
    entry('auth_enabled_sasl', onOff(facts.authentication)),
    entry('auth_enabled_ascii', onOff(facts.authentication)),
    entry('item_size_max', store.maxItemSize),
    entry('slab_chunk_max', Math.floor(store.maxItemSize / 2)),
    entry('lru_crawler', onOff(facts.crawler)),
    entry('flush_enabled', 'yes'),
    entry('dump_enabled', 'yes'),
    entry('lru_segmented', 'no'),
    entry('ssl_enabled', onOff(facts.tls)),
  ];
}

interface ClassSummary {
  count: number;
  bytes: number;
  oldest: number;
}

function summarize(store: Store): [slabClass: number, summary: ClassSummary][] {
  const classes = new Map<number, ClassSummary>();
  for (const item of store.items()) {
    const slabClass = classOf(item.size, store.maxItemSize);
    const summary = classes.get(slabClass) ?? { count: 0, bytes: 0, oldest: store.now };
    summary.count++;
    summary.bytes += item.size;
    summary.oldest = Math.min(summary.oldest, item.time);
    classes.set(slabClass, summary);
  }
  return [...classes].sort(([a], [b]) => a - b);
}

/** `stats items` */
export function itemStats(store: Store): Statistic[] {
  return summarize(store).flatMap(([slabClass, { count, bytes, oldest }]) => [
    entry(`items:${slabClass}:number`, count),
    entry(`items:${slabClass}:age`, store.now - oldest),
    entry(`items:${slabClass}:mem_requested`, bytes),
  ]);
}

/** `stats slabs`: the classes that memcached would have put the items in. */
export function slabStats(store: Store): Statistic[] {
  const sizes = classSizes(store.maxItemSize);
  const classes = summarize(store);
  let total = 0;
  const statistics = classes.flatMap(([slabClass, { count }]) => {
    const chunk = sizes[slabClass - 1] as number;
    const perPage = Math.floor(PAGE_BYTES / chunk);
    const pages = Math.ceil(count / Math.max(perPage, 1));
    total += pages * PAGE_BYTES;
    return [
      entry(`${slabClass}:chunk_size`, chunk),
      entry(`${slabClass}:chunks_per_page`, perPage),
      entry(`${slabClass}:total_pages`, pages),
      entry(`${slabClass}:total_chunks`, pages * perPage),
      entry(`${slabClass}:used_chunks`, count),
      entry(`${slabClass}:free_chunks`, Math.max(pages * perPage - count, 0)),
    ];
  });
  return [...statistics, entry('active_slabs', classes.length), entry('total_malloced', total)];
}

/** `stats conns`: the listener and how many connections there are. */
export function connectionStats(facts: ServerFacts): Statistic[] {
  const address = facts.path === undefined ? `tcp:${facts.host}:${facts.port}` : `unix:${facts.path}`;
  return [entry('listener:addr', address), entry('listener:state', 'conn_listening')];
}

/** One item of `lru_crawler metadump`, with its line end, which is a space and a bare LF there. */
export function dumpLine(store: Store, item: Item): string {
  const expiration = item.expiration === 0 ? -1 : store.unixTime(item.expiration);
  const fetched = (item.marks & Mark.Fetched) === 0 ? 'no' : 'yes';
  const slabClass = classOf(item.size, store.maxItemSize);
  const rest = `cas=${item.cas} fetch=${fetched} cls=${slabClass} size=${item.size} flags=${item.flags}`;
  return `key=${escapeKey(item.key)} exp=${expiration} la=${store.unixTime(item.time)} ${rest} \n`;
}

/** One item of `lru_crawler mgdump`. */
export function fetchLine(item: Item): string {
  return (item.marks & Mark.BinaryKey) === 0 ? `mg ${item.key}\r\n` : `mg ${encodeKey(item.key)} b\r\n`;
}

/** A key as a URL would have it: letters, digits and `-._~` stay as they are. */
function escapeKey(key: string): string {
  return key.replace(
    /[^A-Za-z0-9\-._~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
