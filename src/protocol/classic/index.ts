import type { Protocol } from '../protocol.ts';
import { TEXT_OPAQUES } from '../text/write.ts';
import { countInSteps, needsSteps } from './count-in-steps.ts';
import { ClassicDecoder } from './decode.ts';
import { encode } from './encode.ts';

/** memcached's first protocol (`protocol.txt`, "Commands"), which proxies and most other servers speak. */
export const classic: Protocol = {
  name: 'classic',
  opaques: TEXT_OPAQUES,
  encode,
  split: (request, send) => (needsSteps(request) ? countInSteps(request, send) : request),
  createDecoder: (queue) => new ClassicDecoder(queue),
};
