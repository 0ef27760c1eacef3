import memjs from 'memjs';
import { bench, boxplot, do_not_optimize as keep, run, summary } from 'mitata';
import { loadMemts } from './clients/memts.ts';

// The parts that MemJS and memts both show in `Utils`, in isolation: how a frame is made, read and routed.

interface Utils {
  makeRequestBuffer(
    opcode: number,
    key: string,
    extras: Buffer | string,
    value: string | Buffer,
    opaque: number,
  ): Buffer;
  parseMessage(data: Buffer): unknown;
  hashCode(key: string): number;
}

const { Utils: ours } = await loadMemts<{ Utils: Utils }>();
// The default import's types leave Utils out.
const theirs = (memjs as unknown as { Utils: Utils }).Utils;
const libraries: [string, Utils][] = [
  ['memts', ours],
  ['memjs', theirs],
];

const KEY = 'bench:00:data:000123';
const EXTRAS = Buffer.alloc(8);

function compare(name: string, of: (utils: Utils) => () => unknown): void {
  summary(() => {
    boxplot(() => {
      for (const [library, utils] of libraries) {
        const work = of(utils);
        bench(`${name}: ${library}`, () => keep(work()));
      }
    });
  });
}

for (const size of [100, 4096]) {
  const value = Buffer.alloc(size, 'x');
  const reply = ours.makeRequestBuffer(0, '', Buffer.alloc(4), value, 1);
  reply.writeUInt8(0x81, 0);
  compare(`encode a set of ${size} B`, (utils) => () => utils.makeRequestBuffer(1, KEY, EXTRAS, value, 1));
  compare(`decode a value of ${size} B`, (utils) => () => utils.parseMessage(reply));
}
compare('encode a get', (utils) => () => utils.makeRequestBuffer(0, KEY, '', '', 1));
compare('hash a key', (utils) => () => utils.hashCode(KEY));

await run();
