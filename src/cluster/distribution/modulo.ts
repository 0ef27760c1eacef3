import { type DistributionServer, makePick, nextInList, type Pick } from './pick.ts';

/** MemJS's hash of a key: Java's `String.hashCode`, without its sign. */
export function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (31 * hash + text.charCodeAt(i)) | 0;
  return Math.abs(hash);
}

/** MemJS's distribution: the hash of the key, modulo the number of servers. It knows no weights. */
export function modulo(servers: readonly DistributionServer[]): Pick {
  const count = servers.length;
  return makePick(
    (key) => hashCode(key) % count,
    (key, isAway) => nextInList(hashCode(key) % count, count, isAway),
  );
}
