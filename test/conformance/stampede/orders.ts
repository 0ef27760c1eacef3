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
);

/** What comes back: the values that the callers saw, and how long the last of them waited, in milliseconds. */
export interface Answer {
  values: string[];
  longest: number;
}

export type Message = { ready: true } | { computing: number } | { answer: Answer } | { failed: string };
