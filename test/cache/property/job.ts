import type { ClientOptions } from '../../../src/index.ts';

/** What a worker is started with. */
export interface Job {
  name: string;
  servers: string[];
  client: ClientOptions;
  seed: number;
  operations: number;
}

export const NAMESPACE = 'property';
export const TAGS = 12;
