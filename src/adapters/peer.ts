import { createRequire } from 'node:module';
import { MemcacheError } from '../index.ts';

/** Loads the library that an adapter is for; where it is not installed, the error says what to do. */
export function requirePeer(name: string, user: string): unknown {
  try {
    return load(name);
  } catch (cause) {
    // Anything else that goes wrong inside of the library is told as it is.
    if (!isMissing(cause, name)) throw cause;
    throw new MemcacheError('ERR_UNSUPPORTED', `${user} needs ${name}, which is not installed: npm install ${name}`, {
      cause,
    });
  }
}

/** Requires a module from here. Where a bundler has made CommonJS of this, it has a file name and no URL. */
export function load(name: string): unknown {
  return createRequire(import.meta.url ?? __filename)(name);
}

function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  return Reflect.get(error, 'code') === 'MODULE_NOT_FOUND' && error.message.includes(`'${name}'`);
}
