/** What must not happen while an input is read. */
export class Violation extends Error {
  override name = 'Violation';
}

const ALLOCATORS = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const;

/** How many bytes of memory for Buffers have been taken while it was watched. */
let taken = 0;

/** From this size on it is only counted: no input comes near to filling it, and to get it would take long. */
const PRETENDED_BYTES = 1024 * 1024;

/** Watches the memory that is taken for Buffers, until it is disposed of. Errors have short stacks meanwhile. */
export function watchMemory(): Disposable {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  let pretended = Buffer.alloc(0);
  const originals = ALLOCATORS.map((name) => [name, Buffer[name]] as const);
  for (const [name, original] of originals) {
    Buffer[name] = (bytes: number, ...rest: []) => {
      taken += bytes;
      if (bytes < PRETENDED_BYTES) return original.call(Buffer, bytes, ...rest);
      if (pretended.length < bytes) pretended = original.call(Buffer, bytes);
      return pretended.subarray(0, bytes);
    };
  }
  return {
    [Symbol.dispose]() {
      Error.stackTraceLimit = stackTraceLimit;
      for (const [name, original] of originals) Object.assign(Buffer, { [name]: original });
    },
  };
}

/** Begins to count again. */
export function resetMemory(): void {
  taken = 0;
}

/** Throws when more was taken since the last reset than is allowed. */
export function checkMemory(most: number): void {
  if (taken > most) throw new Violation(`${taken} bytes were allocated, where ${most} are the most`);
}

/** Fails when an input has put something on the prototype of all objects. */
export function checkPrototypes(): void {
  for (const name in {}) throw new Violation(`Object.prototype has a ${name}`);
}
