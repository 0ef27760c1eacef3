/**
 * Knows the timers that are set, those too that keep no process alive, which Node.js does not tell, and who set them.
 * Has to be called before the timers are set that are to be known.
 */
export function watchTimers(): () => string[] {
  const active = new Map<unknown, Error | undefined>();
  let count = 0;
  // Who set a timer is looked up for some of them only: it takes time.
  const caller = (): Error | undefined => ((++count & 15) === 0 || active.size < 4 ? new Error() : undefined);
  const {
    setTimeout: plainSet,
    clearTimeout: plainClear,
    setInterval: plainInterval,
    clearInterval: plainStop,
  } = globalThis;
  const set = (callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]): NodeJS.Timeout => {
    const timer = plainSet(() => {
      active.delete(timer);
      callback(...args);
    }, delay);
    active.set(timer, caller());
    return timer;
  };
  const interval = (callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]): NodeJS.Timeout => {
    const timer = plainInterval(callback, delay, ...args);
    active.set(timer, caller());
    return timer;
  };
  const clear = (timer?: NodeJS.Timeout | string | number): void => {
    active.delete(timer);
    plainClear(timer);
  };
  const stop = (timer?: NodeJS.Timeout | string | number): void => {
    active.delete(timer);
    plainStop(timer);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear, setInterval: interval, clearInterval: stop });
  return () => [...active.values()].map((error) => (error?.stack ?? '').split('\n').slice(2, 6).join(' '));
}
