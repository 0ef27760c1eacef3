import { Op } from '../op.ts';
import type { Protocol } from '../protocol.ts';
import { TEXT_OPAQUES } from '../text/write.ts';
import { MetaDecoder } from './decode.ts';
import { type DeleteTrust, deleteInSteps, isConditionalDelete } from './delete-in-steps.ts';
import { encode } from './encode.ts';
import { type ReadTrust, readInSteps } from './read-in-steps.ts';

/** memcached's meta protocol (`protocol.txt`, "Meta Commands"), which every server from 1.6.10 on speaks. */
export const meta: Protocol = {
  name: 'meta',
  login: 'text',
  answersQuit: false,
  tellsAge: true,
  opaques: TEXT_OPAQUES,
  encode,
  createDecoder: (queue) => new MetaDecoder(queue),
  unproven: () => metaFor({ deletesByCas: false }),
};

/** The same for one connection, which remembers what its server can't do. */
export function metaFor({ deletesByCas }: { deletesByCas: boolean }): Protocol {
  const deletes: DeleteTrust | undefined = deletesByCas ? undefined : { broken: false };
  const reads: ReadTrust = { refused: false };
  return {
    ...meta,
    split: (request, send) => {
      // Who has a value already asks for its CAS.
      if (request.op === Op.Get && request.returnCas) {
        const knownCas = request.knownCas(reads);
        return knownCas === undefined ? request : readInSteps(request, knownCas, send, reads);
      }
      return deletes !== undefined && isConditionalDelete(request) ? deleteInSteps(request, send, deletes) : request;
    },
  };
}
