import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './connection.ts';
import { longTimeout } from './dump/batches.ts';
import { serverError } from './exit.ts';
import { decode } from './percent.ts';
import { TextSession } from './text-session.ts';

/** An item as `lru_crawler metadump` lists it. */
export interface Listed {
  key: Buffer;
  /** The key in percent-encoding: no spaces, no ends of lines. */
  encoded: string;
  /** When it expires, as a Unix time by our clock; `null` for never. */
  expires: number | null;
  /** When the item was last asked for, in seconds ago. */
  idle: number;
  /** Whether it has been read since it was stored. */
  fetched: boolean;
  slabClass: number;
  /** Bytes, with the key and what the server keeps about it. */
  size: number;
}

/** How long another crawl may keep a server busy, and how often to look, in milliseconds. */
const BUSY_PATIENCE = 30_000;
const BUSY_PAUSE = 250;

/** A server's clock ticks once a second, and its response takes a moment: so many seconds of difference may mean nothing. */
const SAME_CLOCK = 2;

/** How far a server's clock is ahead of this machine's, in seconds; 0 where the difference is within the time it takes to ask. */
export function clockAhead(serverTime: number): number {
  const ahead = serverTime - Math.floor(Date.now() / 1000);
  return Math.abs(ahead) > SAME_CLOCK ? ahead : 0;
}

/** All items of a server. */
export async function* metadump(target: Target, timeout: number): AsyncGenerator<Listed> {
  const session = await TextSession.open(target, timeout);
  try {
    // The crawler goes through the whole cache, and there may be nothing to tell for a while.
    const patience = longTimeout(timeout) * 1000;
    const ahead = clockAhead(await serverTime(session, patience));
    let line = await begin(session, target, patience);
    while (line !== 'END') {
      const item = parse(line, ahead);
      if (item === undefined) throw serverError(`${target.name}: ${line}`);
      yield item;
      line = await session.line(patience);
    }
  } finally {
    session.close();
  }
}

/** Starts the crawl, as soon as no other one is under way; gives back the first line of the list. */
async function begin(session: TextSession, target: Target, patience: number): Promise<string> {
  const deadline = performance.now() + BUSY_PATIENCE;
  // By the hash table, since an item that moves to another list meanwhile may be missed there; not all servers can.
  let way = 'hash';
  for (;;) {
    session.send(`lru_crawler metadump ${way}`);
    const line = await session.line(patience);
    if (line === 'ERROR') throw serverError(`${target.name}: does not know lru_crawler metadump (memcached 1.4.31)`);
    if (line.startsWith('BADCLASS') && way === 'hash') {
      way = 'all';
      continue;
    }
    // So memcached begins from 1.6.43 on.
    if (line === 'OK') return session.line(patience);
    if (!line.startsWith('BUSY')) return line;
    if (performance.now() > deadline) throw serverError(`${target.name}: ${line}`);
    await sleep(BUSY_PAUSE);
  }
}

async function serverTime(session: TextSession, patience: number): Promise<number> {
  session.send('stats');
  let time = Math.floor(Date.now() / 1000);
  for (;;) {
    const line = await session.line(patience);
    if (line.startsWith('STAT time ')) time = Number(line.slice('STAT time '.length));
    if (!line.startsWith('STAT ')) return time;
  }
}

/** Reads `key=a%20b exp=1790000000 la=1789999999 cas=3 fetch=no cls=1 size=64`; newer versions have more behind it. */
function parse(line: string, ahead: number): Listed | undefined {
  const fields = new Map<string, string>();
  for (const word of line.split(' ')) {
    const equals = word.indexOf('=');
    if (equals > 0) fields.set(word.slice(0, equals), word.slice(equals + 1));
  }
  const encoded = fields.get('key');
  const now = Math.floor(Date.now() / 1000) + ahead;
  const expires = Number(fields.get('exp') ?? Number.NaN);
  if (encoded === undefined || Number.isNaN(expires)) return undefined;
  return {
    key: decode(encoded),
    encoded,
    expires: expires === -1 ? null : expires - ahead,
    idle: Math.max(0, now - Number(fields.get('la') ?? now)),
    fetched: fields.get('fetch') === 'yes',
    slabClass: Number(fields.get('cls') ?? 0),
    size: Number(fields.get('size') ?? 0),
  };
}
