import type { Protocol } from '../protocol.ts';
import { TEXT_OPAQUES } from '../text/write.ts';
import { MetaDecoder } from './decode.ts';
import { encode } from './encode.ts';

/** memcached's meta protocol (`protocol.txt`, "Meta Commands"), which every server from 1.6 on speaks. */
export const meta: Protocol = {
  name: 'meta',
  opaques: TEXT_OPAQUES,
  encode,
  createDecoder: (queue) => new MetaDecoder(queue),
};
