import type { Random } from '../support/random.ts';

/** What is wrong with the lines of a proxy just now. */
export interface Trouble {
  /** Each piece comes so many milliseconds late, and up to `jitter` more; the order stays. */
  delay: number;
  jitter: number;
  /** Bytes a second, in each direction. */
  bandwidth: number;
  /** Replies and requests go on in pieces of that many bytes, as far as `piecesOf` of each chunk. */
  pieces: number;
  /** Nothing goes through, and nothing is said about it; what was held back may come later. */
  blackHole: 'none' | 'both' | 'toClient' | 'toServer';
  /** What happens to new connections. */
  accept: 'pass' | 'mute' | 'reset';
}

export const NO_TROUBLE: Trouble = {
  delay: 0,
  jitter: 0,
  bandwidth: Number.POSITIVE_INFINITY,
  pieces: 0,
  blackHole: 'none',
  accept: 'pass',
};

/**
 * How a line ends: both sides closed at once, RST to the client, FIN to the client while it may go on writing, or the
 * server's side gone, and the client not notified (a half-open connection).
 */
export type End = 'close' | 'reset' | 'fin' | 'halfOpen';

export interface Cut {
  how: End;
  /** The line ends when so many more bytes have gone that way. */
  after: number;
  direction: 'toClient' | 'toServer';
}

/** What the lines of a proxy go by. */
export interface Conditions {
  readonly trouble: Trouble;
  readonly random: Random;
}
