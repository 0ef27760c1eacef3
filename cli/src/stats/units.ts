import { humanBytes, humanCount, humanMicros, humanSeconds } from '../units.ts';

const BYTES =
  /^(bytes|bytes_read|bytes_written|limit_maxbytes|maxbytes|item_size_max|chunk_size|total_malloced|mem_requested|slab_chunk_max|hash_bytes|read_buf_bytes\w*|response_obj_bytes|resp_obj_mem_limit|read_buf_mem_limit|slab_global_page_pool_bytes|w\w+_logbuf_size|\w+_wbuf_size|ext_item_size|\w+_limit_bytes|extstore_bytes_\w+)$/;
const SECONDS =
  /^(uptime|age|age_hot|age_warm|secs_since_last_cmd|oldest|evicted_time|time_since_server_connect|max_age|idle_timeout|tail_repair_time|temporary_ttl)$/;
const MICROS = /(_us|^lru_crawler_sleep|^ext_max_sleep)$/;
/** Numbers that are names or dates rather than amounts. */
const VERBATIM = /^(pid|tcpport|udpport|pointer_size|time|umask|verbosity)$/;
const FRACTION = /^rusage_/;

/** A value with its unit, or its thousands set apart; anything else as it is. */
export function human(name: string, value: string): string {
  if (name === 'time' && /^\d+$/.test(value)) return new Date(Number(value) * 1000).toISOString().replace('.000', '');
  if (FRACTION.test(name) && Number.isFinite(Number(value))) return `${Number(value).toFixed(2)} s`;
  if (VERBATIM.test(name) || !/^\d+$/.test(value)) return value;
  if (BYTES.test(name)) return humanBytes(Number(value));
  if (SECONDS.test(name)) return humanSeconds(Number(value));
  if (MICROS.test(name)) return humanMicros(Number(value));
  return humanCount(BigInt(value));
}

/** What a second brought, with its unit. */
export function humanRate(name: string, rate: number): string {
  const size = Math.abs(rate);
  const sign = rate < 0 ? '−' : '';
  if (FRACTION.test(name) || SECONDS.test(name)) return `${sign}${size.toFixed(3)} s/s`;
  if (MICROS.test(name)) return `${sign}${humanMicros(size)}/s`;
  if (BYTES.test(lastOf(name))) return `${sign}${humanBytes(Math.round(size))}/s`;
  return `${sign}${humanCount(Number(size.toFixed(size < 100 ? 1 : 0)))}/s`;
}

/** `items:1:age`, `1:chunk_size`: what comes last says what it is. */
export function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

/** Whether a number is an amount, that grows or shrinks; not a name or the time itself. */
export function isAmount(name: string, value: string): boolean {
  return !VERBATIM.test(lastOf(name)) && lastOf(name) !== 'uptime' && /^-?\d+(\.\d+)?$/.test(value);
}
