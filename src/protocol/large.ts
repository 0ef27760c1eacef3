import { invalidArgument } from '../errors.ts';
import type { Request, StoreItem, WireValue } from './request.ts';

/** From this size on a value is handed to the socket as it is instead of being copied. */
export const LARGE_BYTES = 16 * 1024;

/** Text over this length is converted first, so that it can be attached instead of being copied once more. */
const INLINE_TEXT_UNITS = 4 * 1024;

/** Up to this length a loop over the characters of a text beats a call into the runtime. */
export const LOOP_LIMIT = 48;

/** A value as it is written: long text as bytes. Throws `ERR_INVALID_ARGUMENT` for memory that a worker has by now. */
export function wireValue(value: WireValue): WireValue {
  if (typeof value === 'string') return value.length > INLINE_TEXT_UNITS ? Buffer.from(value) : value;
  checkThere(value);
  return value;
}

/** The same for all values of a batch, before the first is written: half of one would be answered to others. */
export function checkAllThere(stores: readonly StoreItem[] | undefined): void {
  if (stores !== undefined) for (const { value } of stores) checkThere(value);
}

/** Memory that was transferred looks like an empty value, which would be stored. */
export function checkThere(value: WireValue): void {
  if (value.length > 0 || typeof value === 'string') return;
  try {
    new Uint8Array(value.buffer);
  } catch (cause) {
    throw invalidArgument('value', 'its memory was transferred', cause);
  }
}

/**
 * Copies what would be copied when the request is sent, since that is not now: the caller may change it from here on. A
 * large value stays the caller's until the request has ended.
 */
export function copySmallValues(request: Request): void {
  const { value, stores } = request;
  if (isSmall(value)) request.value = Buffer.from(value);
  if (stores !== undefined) for (const item of stores) copySmallValue(item);
}

export function copySmallValue(item: StoreItem): void {
  if (isSmall(item.value)) item.value = Buffer.from(item.value);
}

/** Of an empty one there is nothing to copy, and a copy would not show that its memory was transferred. */
function isSmall(value: WireValue | undefined): value is Uint8Array {
  return value !== undefined && typeof value !== 'string' && value.length < LARGE_BYTES && value.length > 0;
}
