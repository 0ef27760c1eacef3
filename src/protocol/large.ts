import type { Request, StoreItem, WireValue } from './request.ts';

/** From this size on a value is handed to the socket as it is instead of being copied. */
export const LARGE_BYTES = 16 * 1024;

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

function isSmall(value: WireValue | undefined): value is Uint8Array {
  return value !== undefined && typeof value !== 'string' && value.length < LARGE_BYTES;
}
