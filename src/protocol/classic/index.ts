import { Op } from '../op.ts';
import type { Protocol } from '../protocol.ts';
import { TEXT_OPAQUES } from '../text/write.ts';
import { ClassicDecoder } from './decode.ts';
import { encode } from './encode.ts';
import { gather } from './gathered-get.ts';
import { split } from './steps.ts';

/** memcached's first protocol (`protocol.txt`, "Commands"), which proxies and most other servers speak. */
export const classic: Protocol = {
  name: 'classic',
  login: 'text',
  answersQuit: false,
  tellsAge: false,
  // A server that speaks binary alone says nothing to fewer bytes than a frame's header has.
  proof: { op: Op.Version, times: 3 },
  opaques: TEXT_OPAQUES,
  encode,
  split,
  gather,
  createDecoder: (queue) => new ClassicDecoder(queue),
};
