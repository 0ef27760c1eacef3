import type { Protocol } from '../protocol.ts';
import { MetaDecoder } from './decode.ts';
import { encode } from './encode.ts';

/** memcached's meta protocol (`protocol.txt`, "Meta Commands"), which every server from 1.6 on speaks. */
export const meta: Protocol = {
  name: 'meta',
  encode,
  createDecoder: (queue) => new MetaDecoder(queue),
};
