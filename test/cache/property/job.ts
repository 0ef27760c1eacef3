import type { ClientOptions } from '../../../src/index.ts';

/** What a worker is started with. */
export interface Job {
  name: string;
  servers: string[];
  client: ClientOptions;
  /** For how long values in memory are given without a question; undefined without such a cache. */
  trustFor?: number | undefined;
  /** What is larger is stored in parts; undefined where nothing is. */
  partSize?: number | undefined;
  seed: number;
  operations: number;
}

export const NAMESPACE = 'property';
export const TAGS = 12;
