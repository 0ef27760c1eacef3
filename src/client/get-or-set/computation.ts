import { clearTimeout, MAX_TIMER, setTimeout } from '../../clock.ts';
import { MemcacheError } from '../../errors.ts';
import type { OpenCall } from '../open-calls.ts';

/** What a computation receives; `signal` is aborted when it has taken too long, or the client was closed. */
export interface ComputeContext {
  signal: AbortSignal;
}

/** Runs a computation, but waits no longer than the right to it holds. */
export async function withinTime<T>(
  compute: (context: ComputeContext) => T | Promise<T>,
  seconds: number,
  call: OpenCall,
): Promise<T> {
  call.check();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_, reject) => {
    const end = (error: MemcacheError): void => {
      controller.abort(error);
      reject(error);
    };
    call.onClosed = end;
    const message = `The computation for getOrSet took longer than ${seconds} s (lockFor)`;
    timer = setTimeout(() => end(new MemcacheError('ERR_TIMEOUT', message)), Math.min(seconds, MAX_TIMER) * 1000);
  });
  try {
    return await Promise.race([compute({ signal: controller.signal }), ended]);
  } finally {
    call.onClosed = () => {};
    clearTimeout(timer);
  }
}
