import { pathToFileURL } from 'node:url';
import { cachedPackages } from './npm.ts';

const VERSION = '6.1.0';

/** Keyv 6 wants a newer Node.js than we do, so it is no dependency of memts: npm would warn of it. */
export async function findKeyv6(): Promise<{ folder: string | undefined; reason: string }> {
  try {
    const folder = await cachedPackages(`memts-keyv/${VERSION}`, [`keyv@${VERSION}`], 30);
    return { folder: `${folder}/node_modules/keyv`, reason: '' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.warn(`Not tested with Keyv 6: ${reason}`);
    return { folder: undefined, reason };
  }
}

/** The class that its module exports. */
export async function loadKeyv6<T>(folder: string): Promise<T> {
  return (await import(/* @vite-ignore */ pathToFileURL(`${folder}/dist/index.mjs`).href)).Keyv as T;
}
