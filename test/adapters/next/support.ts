import { afterAll, afterEach } from 'vitest';
import {
  createCacheHandler,
  createRemoteHandler,
  type NextOptions,
  type UseCacheEntry,
  type UseCacheHandler,
} from '../../../src/adapters/next/next.ts';
import { Client, type ClientOptions } from '../../../src/index.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';

/** A busy machine makes no failure: a soft invalidation that gets no response in time ends with a hard one. */
const PATIENT: ClientOptions = { timeout: 10, conntimeout: 10, logger: false };

const PROTOCOLS = ['meta', 'binary', 'classic'] as const;

export interface Instances {
  servers: readonly [Memcached, Memcached];
  /** The options of one more instance of an app, each with a client of its own; all of a test have one namespace. */
  options(more?: NextOptions): NextOptions;
}

/** Two memcacheds for a file of tests, and clients that are closed behind each test. */
export async function useInstances(): Promise<Instances> {
  const servers = await Promise.all([startMemcached(), startMemcached()] as const);
  afterAll(() => Promise.all(servers.map((server) => server.stop())));
  const clients: Client[] = [];
  let tests = 0;
  let made = 0;
  afterEach(async () => {
    tests++;
    await Promise.all(clients.splice(0).map((client) => client.quit()));
  });
  return {
    servers,
    options(more = {}) {
      const client = Client.create(
        servers.map(({ address }) => address),
        // Instances need not speak one protocol.
        { ...PATIENT, protocol: PROTOCOLS[made++ % PROTOCOLS.length] },
      );
      clients.push(client);
      return { client, namespace: `app${tests}`, buildId: 'one', ...more };
    },
  };
}

/** A request as Next.js makes it of a handler for `use cache`: the journal of tags is read first. */
export async function ask(handler: UseCacheHandler, key: string, softTags: string[] = []): Promise<Answer | undefined> {
  await handler.refreshTags();
  const entry = await handler.get(key, softTags);
  return entry && { ...entry, text: await new Response(entry.value).text() };
}

export type Answer = UseCacheEntry & { text: string };

/** What a function with `use cache` made, begun now. */
export function made(text: string, more: Partial<UseCacheEntry> = {}): UseCacheEntry {
  const value = new Response(text).body as unknown as ReadableStream<Uint8Array>;
  const timestamp = performance.timeOrigin + performance.now();
  return { value, tags: [], stale: 30, timestamp, expire: 3600, revalidate: 900, ...more };
}

/** Two handlers of `use cache`, as two instances of an app have them. */
export function twoRemotes({ options }: Instances, more: NextOptions = {}): [UseCacheHandler, UseCacheHandler] {
  return [createRemoteHandler(options(more)), createRemoteHandler(options(more))];
}

/** Two classes for `cacheHandler`, likewise. */
export function twoClasses({ options }: Instances, more: NextOptions = {}) {
  return [createCacheHandler(options(more)), createCacheHandler(options(more))] as const;
}
