import { MAX_UINT32 } from '../limits.ts';
import { Op } from '../op.ts';
import type { Protocol } from '../protocol.ts';
import { BinaryDecoder } from './decode.ts';
import { encode } from './encode.ts';

/** memcached's binary protocol (`protocol-binary.txt`), which alone has SASL. */
export const binary: Protocol = {
  name: 'binary',
  login: 'sasl',
  answersQuit: true,
  tellsAge: false,
  proof: { op: Op.Noop, times: 1 },
  // With a line end among its bytes, so that a server that reads lines answers to a frame instead of waiting.
  opaques: { first: 0x0d0a0000, last: MAX_UINT32 },
  encode,
  createDecoder: (queue) => new BinaryDecoder(queue),
};
