import { desynchronised } from '../desynchronised.ts';
import type { ItemFacts } from '../request.ts';
import { NO_NUMBER, readNumber, wordEnd } from '../text/decoder.ts';

const LOWER_H = 0x68;
const LOWER_L = 0x6c;
const LOWER_S = 0x73;

/** Reads how large an item is and how it was used, from flags of which each has a space in front. */
export function readUse(bytes: Buffer, start: number, end: number): Pick<ItemFacts, 'size' | 'idle' | 'fetched'> {
  let size = NO_NUMBER;
  let idle = NO_NUMBER;
  let hit = NO_NUMBER;
  for (let at = start; at < end; ) {
    const stop = wordEnd(bytes, at + 1, end);
    const flag = bytes[at + 1];
    if (flag === LOWER_S) size = readNumber(bytes, at + 2, stop);
    else if (flag === LOWER_L) idle = readNumber(bytes, at + 2, stop);
    else if (flag === LOWER_H) hit = readNumber(bytes, at + 2, stop);
    at = stop;
  }
  if (size < 0 || idle < 0 || hit < 0) throw desynchronised('an item without the flags that were asked for came');
  return { size, idle, fetched: hit > 0 };
}
