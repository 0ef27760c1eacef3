export const PROTOCOLS = ['binary', 'meta', 'classic'] as const;

/** What a process is to do. */
export type Order = { protocol: (typeof PROTOCOLS)[number] } & (
  | {
      ask: true;
      key: string;
      callers: number;
      /** How long a computation takes, in milliseconds. */
      takes: number;
      expires: number;
      staleFor: number;
      lockFor: number;
    }
  | { add: true; key: string; times: number }
  /** Writes keys of its own so many times, in all ways, while all processes compute the values of all keys. */
  | { rounds: number; key: string; writes: readonly Write[] }
  /** Asks for keys with calls for `size` of them, which overlap with those of the other processes. */
  | { many: true; key: string; count: number; size: number; takes: number; lockFor: number }
);

/** Which of how many processes one is. */
export interface Place {
  index: number;
  processes: number;
}

/** What ends the life of a value. */
export type Write = 'delete' | 'set' | 'invalidate';

/** What comes back: the values that the callers saw, and how long the last of them waited, in milliseconds. */
export interface Answer {
  values: string[];
  longest: number;
  /** What should not be: values from before a write, stored after it. */
  outdated?: string[];
}

export type Message = { ready: true } | { computing: number } | { answer: Answer } | { failed: string };
