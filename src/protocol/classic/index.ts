import type { Protocol } from '../protocol.ts';
import { ClassicDecoder } from './decode.ts';
import { encode } from './encode.ts';

export { countInSteps, needsSteps } from './count-in-steps.ts';

/** memcached's first protocol (`protocol.txt`, "Commands"), which proxies and most other servers speak. */
export const classic: Protocol = {
  name: 'classic',
  encode,
  createDecoder: (queue) => new ClassicDecoder(queue),
};
