import { sleep } from '../../support/wait.ts';
import type { End } from '../trouble.ts';
import { anywhere, type Play, type Scenario, some, waves } from './scenario.ts';

/** Connections end like that, at any byte, some of them as soon as they are there. */
function cuts(...hows: readonly [End, ...End[]]): Scenario['play'] {
  return async (play) => {
    const { random } = play;
    while (!play.over()) {
      for (const proxy of some(random, play.proxies)) {
        proxy.cut(() => anywhere(random, random.pick(hows)), 0.7);
        if (random.chance(0.3)) proxy.cutsToCome.push(anywhere(random, random.pick(hows)));
      }
      await sleep(random.between(5, 80));
    }
  };
}

export const NETWORK: readonly Scenario[] = [
  {
    name: 'calm',
    about: 'nothing at all, to compare with',
    stage: 'memcached',
    play: async (play) => {
      while (!play.over()) await sleep(20);
    },
  },
  {
    name: 'delay',
    about: '1 to 40 ms of delay, and as much jitter',
    stage: 'memcached',
    play: (play) =>
      waves(play, [50, 300], [10, 60], (proxy) => {
        proxy.set({ delay: play.random.between(1, 40), jitter: play.random.between(0, 40) });
      }),
  },
  {
    name: 'bandwidth',
    about: '20 KB/s to 2 MB/s in each direction',
    stage: 'memcached',
    play: (play) =>
      waves(play, [50, 300], [10, 100], (proxy) => {
        proxy.set({ bandwidth: play.random.pick([20_000, 100_000, 500_000, 2_000_000]) });
      }),
  },
  {
    name: 'pieces',
    about: 'replies and requests in pieces of 1 to 30 bytes',
    stage: 'memcached',
    play: (play) =>
      waves(play, [30, 200], [0, 40], (proxy) => {
        proxy.set({ pieces: play.random.pick([1, 1, 2, 3, 7, 24, 30]) });
      }),
  },
  { name: 'closed', about: 'connections closed at any byte', stage: 'memcached', play: cuts('close') },
  { name: 'reset', about: 'RST at any byte', stage: 'memcached', play: cuts('reset') },
  {
    name: 'fin',
    about: 'FIN at any byte, with what the client goes on to write unread',
    stage: 'memcached',
    play: cuts('fin'),
  },
  {
    name: 'half-open',
    about: 'the server side gone silently; RST some time later',
    stage: 'memcached',
    play: (play) =>
      waves(play, [50, 350], [20, 150], (proxy) => proxy.cut(() => anywhere(play.random, 'halfOpen'), 0.7)),
  },
  {
    name: 'black-hole',
    about: 'nothing goes through in one or both directions, also for new connections; some of it comes later',
    stage: 'memcached',
    play: (play) =>
      waves(play, [20, 350], [20, 150], (proxy) => {
        const { random } = play;
        proxy.set({ blackHole: random.pick(['both', 'toClient', 'toServer'] as const) });
        if (random.chance(0.5)) proxy.set({ accept: 'mute' });
      }),
  },
  {
    name: 'refused',
    about: 'connections refused by the system, reset when accepted, or accepted and never answered',
    stage: 'memcached',
    play: (play) => waves(play, [20, 300], [20, 120], (proxy) => turnAway(play, proxy)),
  },
  {
    name: 'close-call',
    about: '`close()` of the client itself, again and again, and connections closed',
    stage: 'memcached',
    peers: false,
    async play(play) {
      const { random } = play;
      while (!play.over()) {
        play.closeClient();
        if (random.chance(0.3)) for (const proxy of play.proxies) proxy.cut(() => anywhere(random, 'close'));
        await sleep(random.between(1, 60));
      }
    },
  },
];

function turnAway({ random }: Play, proxy: Play['proxies'][number]): void {
  proxy.cut(() => anywhere(random, 'reset'));
  const how = random.pick(['refuse', 'reset', 'mute'] as const);
  if (how === 'refuse') proxy.refuse();
  else proxy.set({ accept: how });
}
