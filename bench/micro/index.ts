import memjs from 'memjs';
import { bench, boxplot, group, do_not_optimize as keep, run, summary } from 'mitata';
import { KeyMaker } from '../../src/client/keys.ts';
import { trailing } from '../../src/client/memjs/arguments.ts';
import { checkOptions, resolveOptions } from '../../src/client/options.ts';
import { Selection } from '../../src/cluster/selection.ts';
import { WaitingQueue } from '../../src/connection/waiting-queue.ts';
import { Server, Utils } from '../../src/index.ts';
import { checkKey } from '../../src/protocol/request.ts';
import { decoder, encoder, getRequest, hit, KEY, miss, PROTOCOLS, setRequest } from './fixtures.ts';

// The parts of a command in isolation. Times of decoding are for one response out of a chunk of many.

const ANSWERS = 64;
const SMALL = Buffer.alloc(100, 'x');
const PAGE = Buffer.alloc(4096, 'x');

group('codec', () => {
  for (const protocol of PROTOCOLS) {
    const { name } = protocol;
    bench(`${name}: encode a get`, encoder(protocol, getRequest()));
    bench(`${name}: encode a set of 100 B`, encoder(protocol, setRequest(SMALL)));
    bench(`${name}: encode a set of 4 KB`, encoder(protocol, setRequest(PAGE)));
    bench(`${name}: decode ${ANSWERS} hits of 100 B`, decoder(protocol, getRequest(), hit(protocol, SMALL), ANSWERS));
    bench(`${name}: decode ${ANSWERS} hits of 4 KB`, decoder(protocol, getRequest(), hit(protocol, PAGE), ANSWERS));
    bench(`${name}: decode ${ANSWERS} misses`, decoder(protocol, getRequest(), miss(protocol), ANSWERS));
  }
});

group('queue', () => {
  const queue = new WaitingQueue();
  const requests = Array.from({ length: ANSWERS }, getRequest);
  bench(`${ANSWERS} in, ${ANSWERS} out`, () => {
    for (const request of requests) queue.push(request);
    for (let left = ANSWERS; left > 0; left--) keep(queue.shift());
  });
});

group('the server of a key, of 100', () => {
  const servers = Array.from({ length: 100 }, (_, i) => new Server(`10.0.0.${i}`, 11211));
  for (const distribution of ['modulo', 'ketama', 'rendezvous'] as const) {
    const selection = new Selection(distribution);
    bench(distribution, () => keep(selection.index(KEY, servers)));
  }
});

group('arguments and options', () => {
  const prefixed = new KeyMaker('app:', true);
  const callback = () => {};
  bench('check a key', () => keep(checkKey(KEY)));
  bench('put a prefix before a key', () => keep(prefixed.toWire(KEY)));
  bench('arguments: none', () => keep(trailing(undefined, undefined)));
  bench('arguments: options and callback', () => keep(trailing({ timeout: 1 }, callback)));
  bench("a client's options", () => {
    const options = { expires: 60, failover: true, keyPrefix: 'app:' };
    checkOptions(options);
    keep(resolveOptions(options));
  });
});

interface FrameTools {
  makeRequestBuffer(opcode: number, key: string, extras: Buffer | string, value: string, opaque: number): Buffer;
  parseMessage(data: Buffer): unknown;
  hashCode(key: string): number;
}

// The default import's types leave Utils out.
const theirs = (memjs as unknown as { Utils: FrameTools }).Utils;
const libraries: [string, FrameTools][] = [
  ['memts', Utils as FrameTools],
  ['memjs', theirs],
];

function compare(name: string, work: (utils: FrameTools) => () => unknown): void {
  summary(() => {
    boxplot(() => {
      for (const [library, utils] of libraries) {
        const step = work(utils);
        bench(`${name}: ${library}`, () => keep(step()));
      }
    });
  });
}

const reply = hit(PROTOCOLS[0] as (typeof PROTOCOLS)[number], SMALL);
compare('Utils: make a get', (utils) => () => utils.makeRequestBuffer(0, KEY, '', '', 1));
compare('Utils: read a value of 100 B', (utils) => () => utils.parseMessage(reply));
compare('Utils: hash a key', (utils) => () => utils.hashCode(KEY));

await run();
