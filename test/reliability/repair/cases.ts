import { seedFor } from '../../support/random.ts';
import { sleep } from '../../support/wait.ts';
import { type Case, PROTOCOLS } from '../matrix.ts';
import { scenarioOf } from '../scenarios/index.ts';
import { anywhere, type Scenario, some } from '../scenarios/scenario.ts';
import { FLEET } from '../stage.ts';

const FLAPPING: Scenario = {
  name: 'flapping',
  about: 'servers that are away for 5 to 60 ms and back for as long, again and again, with all they had',
  stage: 'memcached',
  async play(play) {
    const { random } = play;
    while (!play.over()) {
      const struck = some(random, play.proxies);
      for (const proxy of struck) {
        proxy.refuse();
        proxy.cut(() => anywhere(random, 'reset'));
      }
      await sleep(random.between(5, 60));
      await Promise.all(struck.map((proxy) => proxy.calm()));
      await sleep(random.between(5, 60));
    }
  },
};

/** The faults that leave old values behind. */
export const REPAIR_SCENARIOS: readonly Scenario[] = [
  ...['killed', 'stopped', 'closed', 'reset', 'black-hole', 'refused'].map(scenarioOf),
  FLAPPING,
  scenarioOf('mix'),
];

export const STAND_INS = ['none', 'failover', 'gutter'] as const;

const FAILOVER = { none: false, failover: true, gutter: 'gutter' } as const;

/** Scenarios × protocols × {no failover, failover, a gutter} × {with, without repair}; by name as in `casesOf`. */
export function repairCasesOf({ seed, only = '' }: { seed: number; only?: string | undefined }): Case[] {
  const cases = REPAIR_SCENARIOS.flatMap((scenario) =>
    PROTOCOLS.flatMap((protocol) =>
      STAND_INS.flatMap((standIn) =>
        [true, false].map((repair): Case => {
          const failover = FAILOVER[standIn];
          const faults = `repair/${scenario.name}/${protocol}/${standIn}`;
          const name = `${faults}/${repair ? 'with' : 'without'}`;
          const way = { servers: FLEET, failover, connections: standIn === 'none' ? 4 : 1 };
          // The same faults with and without.
          return { name, seed: seedFor(seed, faults), scenario, subject: 'memts', protocol, repair, ...way };
        }),
      ),
    ),
  );
  return cases.filter(({ name }) => only === '' || name === only || name.startsWith(`${only}/`));
}
