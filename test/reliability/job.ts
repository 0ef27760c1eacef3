import type { AuditTarget } from './audit.ts';
import type { Settings } from './subjects/subject.ts';
import type { Tally } from './watch.ts';

export const SUBJECTS = ['memts', 'memjs', 'memcached', 'memcache-client'] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/** What a worker is to do: one case. */
export interface Job {
  /** Its keys begin with it. */
  run: string;
  seed: number;
  subject: SubjectName;
  settings: Settings;
  /** Commands in flight. */
  lanes: number;
  /** The servers that can be read past the client. */
  audit?: AuditTarget | undefined;
  /** Whether old values are looked for, under a load of reads, sets and deletes by several clients. */
  seeksOld?: boolean | undefined;
}

/** What was read when all clients had repaired what they had to. */
export interface Staleness {
  /** Keys that were read, by each client, and at each server past the clients. */
  reads: number;
  /** Reads of a client that gave a value older than the last write. */
  old: number;
  /** Such values at servers that would be read when another one is away. */
  oldElsewhere: number;
  repaired: number;
  unrepaired: number;
}

/** What came of it. */
export interface JobResult {
  tally: Tally;
  findings: string[];
  /** Milliseconds. */
  bound: number;
  slowest: number;
  longestStall: number;
  /** Until everything worked again after the faults; undefined when that did not happen. */
  recovery: number | undefined;
  /** Heap and external memory in bytes once everything is over and collected. */
  memory: number;
  /** Where old values were looked for. */
  staleness?: Staleness | undefined;
}

/** How the worker is at a time. Memory is in bytes. */
export interface Sample {
  seconds: number;
  commands: number;
  errors: number;
  rss: number;
  heapUsed: number;
  external: number;
  /** Heap and external memory after a full collection; once a minute. */
  live: number | undefined;
  sockets: number;
  timers: number;
  /** Processor time so far, in seconds. */
  cpu: number;
  /** How long the process stood still, in milliseconds, since the sample before. */
  stalled: number;
}

/** `calm` ends the load: `at` is when the faults ended, by `Date.now()`. With `samples` there is one each second. */
export type ToWorker =
  | { kind: 'start'; jobs: Job[]; samples: boolean }
  | { kind: 'close' }
  | { kind: 'calm'; at: number }
  | { kind: 'end' };
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'started' }
  | { kind: 'sample'; sample: Sample }
  | { kind: 'results'; results: JobResult[] };
