import { Keyv } from 'keyv';
import { MemcacheError } from '../index.ts';
import { KeyvMemts, type KeyvMemtsOptions } from './keyv.ts';
import type { ClientOrServers } from './shared/client.ts';

/** A Keyv on memcached: its keys are not prefixed a second time, and what it can't read is a miss and an `error`. */
export function createKeyv(servers?: ClientOrServers | null, options: KeyvMemtsOptions = {}): Keyv {
  const store = new KeyvMemts(servers, options);
  // Left out, the namespace would be Keyv 5's own, 'keyv'; its types don't let it be undefined.
  const keyv = new Keyv({ store, useKeyPrefix: false, namespace: options.namespace as string });
  guardReading(keyv, store);
  return keyv;
}

/** Keyv 5 rejects with an error that quotes the value; Keyv 6, which has another property for it, does without. */
function guardReading(keyv: Keyv, store: KeyvMemts): void {
  const { deserialize } = keyv;
  if (deserialize === undefined) return;
  keyv.deserialize = async (text) => {
    try {
      const found = await deserialize(text);
      // Keyv looks for the value in an object.
      if (typeof found === 'object' && found !== null) return found as never;
    } catch {
      // The same as anything that is no object.
    }
    const error = new MemcacheError('ERR_UNSUPPORTED', 'memts/keyv: a stored value is not what Keyv can read');
    if (store.listenerCount('error') > 0) store.emit('error', error);
    return undefined;
  };
}

export default createKeyv;
