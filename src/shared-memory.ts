import { markAsUntransferable } from 'node:worker_threads';

/**
 * Memory for the values of many commands, not filled with zeros first. To transfer one of them to a worker copies it, or
 * is refused: it would take the others away.
 */
export function sharedMemory(bytes: number): Buffer<ArrayBuffer> {
  const memory = Buffer.allocUnsafeSlow(bytes);
  if (CAN_MARK) markAsUntransferable(memory.buffer);
  return memory;
}

/** Other runtimes have the function, but not all of them what it does. */
const CAN_MARK = canMark();

function canMark(): boolean {
  try {
    markAsUntransferable(new ArrayBuffer(1));
    return true;
  } catch {
    return false;
  }
}
