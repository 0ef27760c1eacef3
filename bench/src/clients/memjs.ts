import memjs from 'memjs';
import {
  type Adapter,
  type Done,
  hostPorts,
  jsonSerializer,
  type Setup,
  silentLogger,
  TIMEOUT_SECONDS,
  type Value,
} from './adapter.ts';

export function memjsAdapter(): Adapter {
  let client: memjs.Client;
  return {
    takes: 'buffer',
    connect({ row, target }: Setup) {
      client = memjs.Client.create(hostPorts(target).join(','), {
        timeout: TIMEOUT_SECONDS,
        conntimeout: TIMEOUT_SECONDS,
        logger: silentLogger,
        ...(row.json ? { serializer: jsonSerializer } : {}),
      });
    },
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value as Buffer, {}),
    getCallback: (key, done: Done) => client.get(key, done),
    setCallback: (key, value: Value, done: Done) => client.set(key, value as Buffer, {}, done),
    read: (result) => (result as { value: Buffer | null }).value,
    readCallback: (value) => value,
    stored: (result) => result === true,
    close: () => client.close(),
  };
}
