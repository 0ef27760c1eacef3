import type { Fault } from '../../../src/memory-server/index.ts';
import { sleep } from '../../support/wait.ts';
import { anywhere, type Play, type Scenario, some } from './scenario.ts';

export const SERVERS: readonly Scenario[] = [
  {
    name: 'killed',
    about: 'memcached killed (SIGKILL, SIGTERM) and, some time later, restarted empty',
    stage: 'memcached',
    async play(play) {
      const { random } = play;
      while (!play.over()) {
        const struck = some(random, play.memcached);
        await Promise.all(struck.map((server) => server.kill(random.pick(['SIGKILL', 'SIGTERM'] as const))));
        await sleep(random.between(0, 200));
        await Promise.all(struck.map((server) => server.restart()));
        await sleep(random.between(50, 200));
      }
    },
  },
  {
    name: 'stopped',
    about: 'memcached stopped (SIGSTOP) for 10 to 400 ms: its sockets stay open and fill up',
    stage: 'memcached',
    async play(play) {
      const { random } = play;
      while (!play.over()) {
        const struck = some(random, play.memcached);
        for (const server of struck) server.pause();
        await sleep(random.between(10, 400));
        for (const server of struck) server.resume();
        await sleep(random.between(20, 150));
      }
    },
  },
  {
    name: 'memory-server',
    about:
      "`MemoryServer`'s faults, several at a time: latency, silence, pieces, half replies, drops, refusals and, where the protocol has opaques to tell, lost, unsolicited and garbled replies",
    stage: 'memory',
    async play(play) {
      const { random } = play;
      while (!play.over()) {
        const struck = some(random, play.memory);
        for (const server of struck) {
          for (let count = random.between(1, 2); count > 0; count--) server.faults.add(anyFault(play));
          if (random.chance(0.2)) server.faults.disconnect();
        }
        await sleep(random.between(20, 200));
        await Promise.all(struck.map(({ faults }) => faults.clear()));
        await sleep(random.between(10, 60));
      }
    },
  },
  {
    name: 'login',
    about: 'SASL or ASCII authentication, with connections cut at any byte of it and servers restarted',
    stage: (protocol) => (protocol === 'binary' ? 'sasl' : 'login'),
    peers: false,
    play: cutEarly(120),
  },
  {
    name: 'tls',
    about: 'TLS 1.3, with connections cut at any byte of the handshake and after it, and servers restarted',
    stage: 'tls',
    peers: false,
    play: cutEarly(4000),
  },
  {
    name: 'elasticache',
    about: 'nodes that come and go by discovery, whose endpoint fails now and then; connections cut',
    stage: 'elasticache',
    servers: [3],
    peers: false,
    async play(play) {
      const { random, stage } = play;
      while (!play.over()) {
        stage.list(some(random, play.proxies));
        if (random.chance(0.2)) stage.endpoint?.faults.add({ kind: 'drop', times: 1 });
        if (random.chance(0.2)) stage.endpoint?.faults.add({ kind: 'latency', ms: 100, times: 2 });
        if (random.chance(0.3)) random.pick(play.proxies).cut(() => anywhere(random, 'reset'));
        await sleep(random.between(20, 120));
      }
    },
  },
  {
    name: 'dns',
    about: 'SRV records that change, and a name server that is silent or fails now and then; connections cut',
    stage: 'dns',
    servers: [3],
    peers: false,
    async play(play) {
      const { random, stage } = play;
      while (!play.over()) {
        stage.list(some(random, play.proxies));
        if (stage.nameserver !== undefined) stage.nameserver.silent = random.chance(0.1);
        if (random.chance(0.2)) stage.nameserver?.failing.add('srv');
        else stage.nameserver?.failing.clear();
        if (random.chance(0.3)) random.pick(play.proxies).cut(() => anywhere(random, 'close'));
        await sleep(random.between(20, 120));
      }
    },
  },
];

/** Cuts within the first `reach` bytes of connections, and of those that are there, at any byte. */
function cutEarly(reach: number): Scenario['play'] {
  return async (play) => {
    const { random } = play;
    while (!play.over()) {
      for (const proxy of some(random, play.proxies)) {
        const how = random.pick(['close', 'reset', 'fin', 'halfOpen'] as const);
        const direction = random.pick(['toClient', 'toServer'] as const);
        proxy.cutsToCome.push({ how, after: random.below(reach), direction });
        proxy.cut(() => anywhere(random, random.pick(['close', 'reset'] as const)));
        if (random.chance(0.1)) proxy.set({ pieces: random.pick([0, 1, 9]) });
      }
      if (random.chance(0.15)) await random.pick(play.memcached).restart();
      await sleep(random.between(30, 250));
    }
  };
}

/** What a server may get wrong. Classic replies have no opaque: one too few or too many can't be distinguished from the right one. */
function anyFault({ random, protocol }: Play): Fault {
  const share = random.pick([0.001, 0.02]);
  const always: Fault[] = [
    { kind: 'latency', ms: random.between(1, 60), jitter: random.between(0, 30) },
    { kind: 'silence', times: 1 },
    { kind: 'pieces', bytes: random.between(1, 20), ms: 0, share },
    { kind: 'halfReply', share },
    { kind: 'drop', share },
    { kind: 'refuse' },
    { kind: 'mute' },
    { kind: 'tooManyConnections' },
  ];
  const withOpaque: Fault[] = [
    { kind: 'lose', share },
    { kind: 'unsolicited', share },
    { kind: 'wrongOpaque', share },
    { kind: 'garbage', share },
  ];
  return random.pick(protocol === 'classic' ? always : [...always, ...withOpaque]);
}
