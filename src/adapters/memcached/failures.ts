import type { MemcacheError } from '../../index.ts';

/** Texts that programs written for `memcached` look for: what memcached answers, without its first word. */
const TEXTS: Readonly<Record<string, string>> = {
  ERR_NOT_NUMERIC: 'cannot increment or decrement non-numeric value',
  ERR_VALUE_TOO_LARGE: 'object too large for cache',
  ERR_OUT_OF_MEMORY: 'out of memory storing object',
};

/** Codes of failures that are the server's or its connection's, not the command's. */
const ISSUES: ReadonlySet<string> = new Set(['ERR_CONNECT', 'ERR_TIMEOUT', 'ERR_PROTOCOL', 'ERR_AUTH', 'ERR_SERVER']);

/** An error as a callback gets it: with the text of `memcached` and the client's `code`; its `cause` is the client's. */
export function toError(error: MemcacheError): Error {
  return Object.assign(new Error(textOf(error), { cause: error }), { code: error.code, server: error.server });
}

/** Whether a failure counts as one of the server's. */
export function isIssue({ code }: MemcacheError): boolean {
  return ISSUES.has(code);
}

/** What `add`, `replace`, `append` and `prepend` say of an item that is there, or is not. */
export function notStored(): Error {
  return Object.assign(new Error('Item is not stored'), { notStored: true });
}

function textOf({ code, message, cause }: MemcacheError): string {
  if (code === 'ERR_CONNECT' && cause instanceof Error && 'syscall' in cause) return cause.message;
  return TEXTS[code] ?? message;
}
