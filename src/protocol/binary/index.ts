import type { Protocol } from '../protocol.ts';
import { BinaryDecoder } from './decode.ts';
import { encode } from './encode.ts';

/** memcached's binary protocol (`protocol-binary.txt`), which alone has SASL. */
export const binary: Protocol = {
  name: 'binary',
  encode,
  createDecoder: (queue) => new BinaryDecoder(queue),
};
