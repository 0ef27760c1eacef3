/** What has been counted of a key. */
export interface Hits {
  /** What counts at the moment; a sliding window may have a fraction. */
  readonly count: number;
  /** When nothing of it counts any more at the latest, in seconds from now. */
  readonly left: number;
  /** In how many seconds `cost` more would be within `points`, if nobody else took any. */
  wait(points: number, cost: number): number;
}

/** In a window of its own. */
export class WindowHits implements Hits {
  readonly count: number;
  readonly left: number;

  constructor(count: number, left: number) {
    this.count = count;
    this.left = left;
  }

  wait(): number {
    return this.left;
  }
}
