import type { Engine } from '../client/engine.ts';
import { OpenCall, type OpenCalls } from '../client/open-calls.ts';
import { clearTimeout, setTimeout } from '../clock.ts';

/** How long a call waits for those that `close()` has ended, in milliseconds: their commands fail at once. */
const PATIENCE = 1000;

/** The calls that `close()` has ended and that are not over, by their client's. */
const ENDING = new WeakMap<OpenCalls, Set<Promise<void>>>();

/** A call of a cache, a rate limit or an adapter, the steps of which know nothing of it. */
export class AdapterCall extends OpenCall {
  /** Whether `quit()` waits for it, or `close()` has ended it. */
  left = false;
  /** Called when the client is closed. */
  onEnding: () => void = () => {};

  override leave(): void {
    this.left = true;
    super.leave();
  }

  override close(): void {
    this.end();
    this.leave();
    this.onEnding();
  }
}

/** Begins a call, which `quit()` waits for; after `close()` nothing more of it is sent. */
export async function beginCall<T>({ calls }: Engine, run: (call: AdapterCall) => Promise<T>): Promise<T> {
  for (let ending = ENDING.get(calls); ending?.size; ) await Promise.race(ending);
  const call = new AdapterCall(calls);
  const running = run(call);
  const over = (): void => call.end();
  const isOver = running.then(over, over);
  call.onEnding = () => awaitEnd(calls, isOver);
  call.enter(isOver);
  return running;
}

/** Whether what is sent now is of calls that `close()` has ended: later ones wait until these are over. */
export function isEnding({ calls }: Engine): boolean {
  return Boolean(ENDING.get(calls)?.size);
}

function awaitEnd(calls: OpenCalls, isOver: Promise<void>): void {
  const ending = ENDING.get(calls) ?? new Set();
  ENDING.set(calls, ending);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE).unref();
  });
  const end = Promise.race([isOver, late]).then(() => {
    clearTimeout(timer);
    ending.delete(end);
  });
  ending.add(end);
}
