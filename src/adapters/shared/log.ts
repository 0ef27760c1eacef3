import { monotonicNow } from '../../clock.ts';
import { Log } from '../../cluster/log.ts';
import type { AdapterClient } from './client.ts';

/** At most one line of a kind in this many milliseconds: what is logged for each request would fill a disk. */
const PAUSE = 1000;

/** Log lines of one adapter, through the logger of its client. */
export class AdapterLog {
  readonly #log: Log;
  /** For each text since when it is not repeated, and how often it would have been. */
  readonly #quiet = new Map<string, { since: number; left: number }>();

  constructor(client: AdapterClient) {
    this.#log = new Log(client.options);
  }

  /** Writes a line, unless the same one was written within the last second. */
  warn(text: string): void {
    const now = monotonicNow();
    const known = this.#quiet.get(text);
    if (known !== undefined && now - known.since < PAUSE) {
      known.left++;
      return;
    }
    this.#quiet.set(text, { since: now, left: 0 });
    const left = known?.left ?? 0;
    this.#log.write('warn', left === 0 ? `memts: ${text}` : `memts: ${text} (${left} more such lines were left out)`);
  }
}
