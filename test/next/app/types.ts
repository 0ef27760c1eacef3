import { cacheHandler, cacheHandlers, createCacheHandler, createRemoteHandler } from 'memts/next';
import handler from 'memts/next/handler';
import remote from 'memts/next/remote';
import type { CacheHandler as UseCacheHandler } from 'next/dist/server/lib/cache-handlers/types';
import type { CacheHandler } from 'next/dist/server/lib/incremental-cache';

/** The handlers are what Next.js expects, by its own types. */
export const remotes: UseCacheHandler[] = [
  remote,
  cacheHandlers.remote,
  createRemoteHandler({ servers: 'a', tls: true }),
];
export const classes: (typeof CacheHandler)[] = [
  handler,
  cacheHandler,
  createCacheHandler({ namespace: 'a', lockFor: 5 }),
];

// @ts-expect-error There is no such option.
createRemoteHandler({ lockfor: 5 });
