import type { MemoryServer } from '../../../src/memory-server/index.ts';
import type { Memcached } from '../../support/memcached.ts';
import type { Random } from '../../support/random.ts';
import { sleep } from '../../support/wait.ts';
import type { ChaosProxy } from '../proxy.ts';
import type { Stage, StageKind } from '../stage.ts';
import type { Settings } from '../subjects/subject.ts';
import type { Cut } from '../trouble.ts';

/** What a scenario has to play with: as many servers as the case has. */
export interface Play {
  stage: Stage;
  proxies: readonly ChaosProxy[];
  memcached: readonly Memcached[];
  memory: readonly MemoryServer[];
  random: Random;
  protocol: Settings['protocol'];
  /** Calls `close()` of the client. */
  closeClient(): void;
  /** Whether it is time for the faults to end. */
  over(): boolean;
}

export interface Scenario {
  name: string;
  /** What goes wrong, for the report. */
  about: string;
  stage: StageKind | ((protocol: Settings['protocol']) => StageKind);
  /** @default 1 and 3 */
  servers?: readonly number[];
  /** Whether peers can be put through it. @default true */
  peers?: boolean;
  /** Makes trouble until it is over. It need not clear up. */
  play(play: Play): Promise<void>;
}

/** Trouble on some of the proxies for a while, then none for a while, and so on. */
export async function waves(
  play: Play,
  lasts: readonly [number, number],
  pauses: readonly [number, number],
  on: (proxy: ChaosProxy) => void,
  off: (proxy: ChaosProxy) => unknown = (proxy) => proxy.calm(),
): Promise<void> {
  const { random } = play;
  while (!play.over()) {
    const struck = some(random, play.proxies);
    for (const proxy of struck) on(proxy);
    await sleep(random.between(...lasts));
    await Promise.all(struck.map(off));
    await sleep(random.between(...pauses));
  }
}

/** At least one of them. */
export function some<T>(random: Random, all: readonly T[]): T[] {
  const chosen = all.filter(() => random.chance(0.4));
  return chosen.length > 0 ? chosen : [random.pick(all)];
}

/** A cut at any byte of the next replies or requests. */
export function anywhere(random: Random, how: Cut['how']): Cut {
  const reach = random.pick([1, 30, 300, 5_000, 50_000]);
  return { how, after: random.below(reach), direction: random.chance(0.7) ? 'toClient' : 'toServer' };
}
