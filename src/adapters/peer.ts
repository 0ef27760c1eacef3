import { MemcacheError } from '../index.ts';

/** Loads the library that an adapter is for; where it is not installed, the error says what to do. */
export function requirePeer(require: NodeJS.Require, name: string, user: string): unknown {
  try {
    return require(name);
  } catch (cause) {
    // Anything else that goes wrong inside of the library is told as it is.
    if (!isMissing(cause, name)) throw cause;
    throw new MemcacheError('ERR_UNSUPPORTED', `${user} needs ${name}, which is not installed: npm install ${name}`, {
      cause,
    });
  }
}

function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  return Reflect.get(error, 'code') === 'MODULE_NOT_FOUND' && error.message.includes(`'${name}'`);
}
