import { sleep } from '../../support/wait.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { anywhere, type Play, type Scenario } from './scenario.ts';

/** One fault of any kind at one server, for a while. Resolves with its name when it is over. */
export async function anyTrouble(play: Play, longest: number): Promise<string> {
  const { random } = play;
  const index = random.below(play.proxies.length);
  const proxy = play.proxies[index] as Play['proxies'][number];
  const server = play.memcached[index] as Play['memcached'][number];
  const wait = (): Promise<void> => sleep(random.between(20, longest));
  const name = random.pick([
    'delay',
    'bandwidth',
    'pieces',
    'cut',
    'cut',
    'black-hole',
    'refused',
    'killed',
    'stopped',
  ] as const);
  if (name === 'delay') proxy.set({ delay: random.between(1, 40), jitter: random.between(0, 40) });
  if (name === 'bandwidth') proxy.set({ bandwidth: random.pick([50_000, 500_000, 2_000_000]) });
  if (name === 'pieces') proxy.set({ pieces: random.between(1, 30) });
  if (name === 'black-hole') proxy.set({ blackHole: random.pick(['both', 'toClient', 'toServer'] as const) });
  if (name === 'refused') {
    proxy.refuse();
    proxy.cut(() => anywhere(random, 'reset'));
  }
  if (name === 'cut') proxy.cut(() => anywhere(random, random.pick(['close', 'reset', 'fin', 'halfOpen'] as const)));
  if (name === 'stopped') server.pause();
  if (name === 'killed') await server.kill();
  await wait();
  if (name === 'stopped') server.resume();
  if (name === 'killed') await server.restart();
  proxy.set(NO_TROUBLE);
  await proxy.calm();
  return name;
}

export const MIX: Scenario = {
  name: 'mix',
  about: 'any of the faults of network and servers, one after the other',
  stage: 'memcached',
  async play(play) {
    while (!play.over()) {
      await anyTrouble(play, 200);
      await sleep(play.random.between(0, 60));
    }
  },
};
