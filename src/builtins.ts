import { loadBuiltin } from './load-builtin.ts';

/**
 * Node.js's own modules that a plain connection does without. Each is loaded where it is first used, since together they
 * take longer to load than the rest of the client.
 */

export const cryptoModule = (): typeof import('node:crypto') => loadBuiltin('node:crypto');
export const dnsModule = (): typeof import('node:dns/promises') => loadBuiltin('node:dns/promises');
export const tlsModule = (): typeof import('node:tls') => loadBuiltin('node:tls');
export const workerModule = (): typeof import('node:worker_threads') => loadBuiltin('node:worker_threads');
export const zlibModule = (): typeof import('node:zlib') => loadBuiltin('node:zlib');

/** The SHA-256 of text or bytes, in characters that any key may have. */
export function sha256(data: string | Uint8Array): string {
  return cryptoModule().createHash('sha256').update(data).digest('base64url');
}
