import { workerModule } from './builtins.ts';

/**
 * Memory for the values of many commands, not filled with zeros first. To transfer one of them to a worker copies it, or
 * is refused: it would take the others away.
 */
export function sharedMemory(bytes: number): Buffer<ArrayBuffer> {
  const memory = Buffer.allocUnsafeSlow(bytes);
  canMark ??= marks();
  if (canMark) workerModule().markAsUntransferable(memory.buffer);
  return memory;
}

/** Other runtimes have the function, but not all of them what it does. */
let canMark: boolean | undefined;

function marks(): boolean {
  try {
    workerModule().markAsUntransferable(new ArrayBuffer(1));
    return true;
  } catch {
    return false;
  }
}
