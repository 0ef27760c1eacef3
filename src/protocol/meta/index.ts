import type { Protocol } from '../protocol.ts';
import { TEXT_OPAQUES } from '../text/write.ts';
import { MetaDecoder } from './decode.ts';
import { type DeleteTrust, deleteInSteps, isConditionalDelete } from './delete-in-steps.ts';
import { encode } from './encode.ts';

/** memcached's meta protocol (`protocol.txt`, "Meta Commands"), which every server from 1.6.10 on speaks. */
export const meta: Protocol = {
  name: 'meta',
  login: 'text',
  answersQuit: false,
  opaques: TEXT_OPAQUES,
  encode,
  createDecoder: (queue) => new MetaDecoder(queue),
  unproven: metaUnproven,
};

/** The same for one connection to a server that may not compare the CAS of a delete rightly. */
export function metaUnproven(): Protocol {
  const trust: DeleteTrust = { broken: false };
  return {
    ...meta,
    split: (request, send) => (isConditionalDelete(request) ? deleteInSteps(request, send, trust) : request),
  };
}
