/**
 * What `getOrSet` keeps on a server besides values; all of it on the server of the guarded key.
 *
 * - The **stub** is the right to make a value that is missing: an empty item under the key itself, with `STUB_FLAGS`, that
 *   only one `add` can make. The value is stored in its place, with its CAS, so that whatever happens to the key meanwhile
 *   keeps the value out. To every read of this library it is a miss. To invalidate it is to delete it: it has no value to
 *   serve, and what is computed under it is out of date.
 * - The **lock**, `<key>:lock`, is the right to make a new value for an old one, which is served meanwhile: an item that only
 *   one `add` can make. The new value is stored with the old item's CAS.
 * - The **marker**, `<key>:fresh`, is stored behind a value with `staleFor`, over binary and classic, and lives as long as
 *   the value is fresh. Over meta a value is old when it has less time left than `staleFor`, or is marked as stale.
 *
 * Stub and lock live for `lockFor` (see `serverSeconds`): who dies with the right has lost it then.
 */
import { isUtf8 } from 'node:buffer';
import { sha256 } from '../../builtins.ts';
import { MAX_KEY_BYTES } from '../../protocol/limits.ts';
import { keyBytes, type Reply, type WireKey } from '../../protocol/request.ts';

/** The client flags of a stub: "ms", and no bit of those that other clients read as a type. */
export const STUB_FLAGS = 0x6d730000;

/** Whether what a read has found is the stub of a computation under way. */
export function isStub({ value, extras }: Pick<Reply, 'value' | 'extras'>): boolean {
  // Of a custom transport, they may be anything.
  return (
    value?.length === 0 && extras?.length === 4 && Buffer.isBuffer(extras) && extras.readUInt32BE(0) === STUB_FLAGS
  );
}

/** The key of an item that belongs to the guarded one. */
export function keyBeside(key: WireKey, what: 'lock' | 'fresh'): WireKey {
  const text = textOf(key);
  const name = `${text}:${what}`;
  if (keyBytes(name) <= MAX_KEY_BYTES) return name;
  return `${sha256(text)}:${what}`;
}

/** A key as text, the same for a string and for its bytes. */
function textOf(key: WireKey): string {
  if (typeof key === 'string') return key;
  const bytes = Buffer.from(key);
  return isUtf8(bytes) ? bytes.toString() : bytes.toString('base64url');
}

/** How long a stub or a lock lives: the server's clock moves by whole seconds, so that n may end up to one too early. */
export function serverSeconds(seconds: number): number {
  return Math.ceil(seconds) + 1;
}
