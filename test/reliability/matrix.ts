import { seedFor } from '../support/random.ts';
import type { SubjectName } from './job.ts';
import { SCENARIOS } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { FLEET } from './stage.ts';
import type { Settings } from './subjects/subject.ts';

export const PROTOCOLS = ['binary', 'meta', 'classic'] as const;

/** One combination of all that is varied. */
export interface Case {
  /** `scenario/protocol/servers/failover/connections` */
  name: string;
  seed: number;
  scenario: Scenario;
  subject: SubjectName;
  protocol: Settings['protocol'];
  servers: number;
  failover: boolean | 'gutter';
  connections: number;
  /** Where old values are looked for: with the option `repair`, or without it. */
  repair?: boolean | undefined;
}

export interface Choice {
  seed: number;
  /** Only scenarios, or cases, whose name begins like that. */
  only?: string | undefined;
  subject?: SubjectName | undefined;
}

type Way = { failover: boolean; connections: number };

const WAYS: readonly Way[] = [
  { failover: false, connections: 1 },
  { failover: false, connections: 4 },
  { failover: true, connections: 1 },
  { failover: true, connections: 4 },
];

/** Scenarios × protocols × {1, 3 servers} × {failover on, off} × {1, 4 connections}; for peers, what they can do. */
export function casesOf({ seed, only = '', subject = 'memts' }: Choice): Case[] {
  const scenarios = SCENARIOS.filter(({ peers }) => subject === 'memts' || peers !== false);
  const cases = scenarios.flatMap((scenario) =>
    protocolsOf(subject).flatMap((protocol) =>
      serversOf(subject, scenario).flatMap((servers) =>
        (subject === 'memts' ? WAYS : WAYS.slice(0, 1)).map((way): Case => {
          const { failover, connections } = way;
          const name = `${scenario.name}/${protocol}/${servers}/${failover ? 'failover' : 'stay'}/${connections}`;
          return { name, seed: seedFor(seed, name), scenario, subject, protocol, servers, ...way };
        }),
      ),
    ),
  );
  return cases.filter(({ name }) => only === '' || name === only || name.startsWith(`${only}/`));
}

function protocolsOf(subject: SubjectName): readonly Settings['protocol'][] {
  if (subject === 'memts') return PROTOCOLS;
  return [subject === 'memjs' ? 'binary' : 'classic'];
}

/** The servers of memcache-client are copies of each other. */
function serversOf(subject: SubjectName, { servers = [1, FLEET] }: Scenario): readonly number[] {
  return subject === 'memcache-client' ? [1] : servers;
}

/** Times in seconds: short enough that a case sees many of its faults. */
export const TIMES = { timeout: 0.1, conntimeout: 0.15, retries: 2, retryDelay: 0.01, failoverTime: 0.2 };
