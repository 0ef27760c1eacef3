import { ClientTarget } from './client-target.ts';
import { serializers } from './serializer-targets.ts';
import { ServerTarget } from './server-target.ts';
import type { Target } from './target.ts';
import { addresses, clusterConfigurations, messages } from './text-targets.ts';

const NAMES = ['binary', 'meta', 'classic'] as const;

/** Everything that is fuzzed. */
export function targets(): Target[] {
  return [
    ...NAMES.map((name) => new ClientTarget(name)),
    ...NAMES.map((name) => new ServerTarget(name)),
    messages(),
    addresses(),
    clusterConfigurations(),
    ...serializers(),
  ];
}
