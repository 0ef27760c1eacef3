import { MIX } from './mix.ts';
import { NETWORK } from './network.ts';
import type { Scenario } from './scenario.ts';
import { SERVERS } from './servers.ts';

export const SCENARIOS: readonly Scenario[] = [...NETWORK, ...SERVERS, MIX];

export function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`No scenario ${name}; there are ${SCENARIOS.map((s) => s.name).join(', ')}`);
  return found;
}
