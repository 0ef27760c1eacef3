import { MemcacheError } from '../../index.ts';

/**
 * Whether a read failed for what lies in the cache, and not for a server or the way to it: the serializer could make
 * nothing of it. A custom one may throw anything; all other errors of the client are of its own kind.
 */
export function isUnreadable(error: unknown): boolean {
  if (!(error instanceof MemcacheError)) return error instanceof Error;
  const { code, message } = error;
  // A protocol that has no form for a command has the same code as a value that can't be read.
  if (code === 'ERR_UNSUPPORTED') return message.startsWith('The stored value');
  return code === 'ERR_COUNTER_RANGE' || code === 'ERR_VALUE_TOO_LARGE';
}
