/** How many there are of what a client may leave behind: sockets and other handles, timers, listeners. */
export type Belongings = Record<string, number>;

export function belongings(timers: () => string[]): Belongings {
  const counts: Belongings = { timers: timers().length };
  for (const type of process.getActiveResourcesInfo()) {
    // The timers are counted already; immediates come and go.
    if (type !== 'Timeout' && type !== 'Immediate') counts[type] = (counts[type] ?? 0) + 1;
  }
  counts.listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return counts;
}

/** What there is more of now than before, in words; after a second at most it has to be nothing. */
export async function leftBehind(timers: () => string[], before: Belongings): Promise<string> {
  const until = performance.now() + 1000;
  for (;;) {
    const now = belongings(timers);
    const more = Object.entries(now).filter(([name, count]) => count > (before[name] ?? 0));
    if (more.length === 0) return '';
    if (performance.now() > until) {
      const counts = more.map(([name, count]) => `${count - (before[name] ?? 0)} ${name}`).join(', ');
      return now.timers === before.timers ? counts : `${counts}; set by ${timers().slice(0, 3).join('; ')}`;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Heap and external memory in bytes, after a full collection. */
export async function memoryLeft(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
