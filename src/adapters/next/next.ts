import { MAX_BYTES } from '../../cache/limits.ts';
import { BuildFetches, BuildUseCache, isBuild } from './build.ts';
import { buildOf, Incremental } from './incremental.ts';
import type { NextOptions } from './options.ts';
import { Store } from './store.ts';
import type { IncrementalContext, IncrementalHandler, UseCacheHandler } from './types.ts';
import { UseCache } from './use-cache.ts';

export type { NextOptions } from './options.ts';
export type {
  CacheControl,
  GetContext,
  IncrementalContext,
  IncrementalEntry,
  IncrementalHandler,
  SetContext,
  TagDurations,
  UseCacheEntry,
  UseCacheHandler,
} from './types.ts';

/**
 * A handler for `cacheHandlers: { remote }` of next.config, which `'use cache: remote'` stores with: what the module at that
 * path has to export as its default. It connects when it is first asked, and never while `next build` runs. It throws
 * nothing for what servers do: data is made as if there were no cache then, with a line in the log.
 */
export function createRemoteHandler(options: NextOptions = {}): UseCacheHandler {
  let store: Store | undefined;
  const open = (): Store => {
    store ??= new Store(options, 'use-cache');
    return store;
  };
  const handler = new UseCache(open, options.maxBytes ?? MAX_BYTES);
  const build = new BuildUseCache();
  return {
    get: async (key, softTags) => (isBuild() ? build.get(key) : handler.get(key, softTags)),
    set: (key, entry) => (isBuild() ? build.set(key, entry) : handler.set(key, entry)),
    refreshTags: async () => (isBuild() ? undefined : handler.refreshTags()),
    getExpiration: () => handler.getExpiration(),
    updateTags: async (tags, durations) => (isBuild() ? undefined : handler.updateTags(tags, durations)),
  };
}

/**
 * A class for `cacheHandler` of next.config, which pages, responses, `fetch` and `unstable_cache` are stored with: what the
 * module at that path has to export as its default. It connects and fails as `createRemoteHandler` does.
 */
export function createCacheHandler(
  options: NextOptions = {},
): new (
  context?: IncrementalContext,
) => IncrementalHandler {
  let store: Store | undefined;
  const fetches = new BuildFetches();

  return class MemtsCacheHandler implements IncrementalHandler {
    readonly #context: IncrementalContext;
    #entries: Incremental | undefined;

    constructor(context: IncrementalContext = {}) {
      this.#context = context;
    }

    async get(...[key, context]: Parameters<IncrementalHandler['get']>): ReturnType<IncrementalHandler['get']> {
      return isBuild() ? fetches.get(key, context) : this.#open().get(key, context);
    }

    async set(...[key, data, context]: Parameters<IncrementalHandler['set']>): Promise<void> {
      if (isBuild()) fetches.set(key, data, context);
      else await this.#open().set(key, data, context);
    }

    async revalidateTag(...[tags, durations]: Parameters<IncrementalHandler['revalidateTag']>): Promise<void> {
      if (!isBuild()) await this.#open().revalidateTag(tags, durations);
    }

    resetRequestCache(): void {
      this.#entries?.resetRequestCache();
    }

    #open(): Incremental {
      store ??= new Store(options, 'pages');
      this.#entries ??= new Incremental(store, options.buildId ?? buildOf(this.#context));
      return this.#entries;
    }
  };
}

/** For those below, so that they have one client. */
const FROM_ENVIRONMENT: NextOptions = {};

/** Handlers for `cacheHandlers`, with the servers of the environment: `memts/next/remote` exports the one as its default. */
export const cacheHandlers: { readonly remote: UseCacheHandler } = {
  remote: createRemoteHandler(FROM_ENVIRONMENT),
};

/** A class for `cacheHandler`, with the servers of the environment, which `memts/next/handler` exports as its default. */
export const cacheHandler: new (context?: IncrementalContext) => IncrementalHandler =
  createCacheHandler(FROM_ENVIRONMENT);
