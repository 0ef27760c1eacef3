import { type HeapProfiler, Session } from 'node:inspector/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as present from '../../src/index.ts';
import { startMemcached } from '../../test/support/memcached.ts';

// Every object that a command allocates, by the sampling profiler with a sample for each. Run without the optimising
// compiler, which leaves out as many of them as it can prove to be needless: so it is the same number each time. With
// `--before FILE` an older build is counted as well, and the process fails where a command has come to allocate more.

type Library = Pick<typeof present, 'Client'>;

const VALUE = Buffer.alloc(100, 'x');
const KEYS = Array.from({ length: 100 }, (_, i) => `bench:00:data:${i}`);
const COMMANDS = 1024;

/** What may be other turns of the event loop: further objects of a command on average. */
const TOLERATED = 0.1;

/** How much a command is, of which `inFlight` are under way at a time. */
interface Work {
  name: string;
  inFlight: number;
  /** How many keys it has. */
  keys: number;
  command: (client: InstanceType<Library['Client']>) => Promise<unknown>;
}

const WORKS: readonly Work[] = [
  ...[1, 64].flatMap(
    (inFlight) =>
      [
        { name: `get, ${inFlight} in flight`, inFlight, keys: 1, command: (client) => client.get('key') },
        { name: `set, ${inFlight} in flight`, inFlight, keys: 1, command: (client) => client.set('key', VALUE) },
      ] satisfies Work[],
  ),
  { name: 'getMulti of 100, a key', inFlight: 1, keys: KEYS.length, command: (client) => client.getMulti(KEYS) },
];

/** What the profile has as well, which its types leave out. */
interface SampledNode extends HeapProfiler.SamplingHeapProfileNode {
  id: number;
  children: SampledNode[];
}
interface SampledProfile extends HeapProfiler.SamplingHeapProfile {
  head: SampledNode;
  samples: { size: number; nodeId: number }[];
}

interface Allocated {
  objects: number;
  bytes: number;
}

const session = new Session();
session.connect();

async function run({ inFlight, keys, command }: Work, client: InstanceType<Library['Client']>): Promise<void> {
  const waiting: unknown[] = new Array(inFlight);
  for (let left = COMMANDS / keys; left > 0; left -= inFlight) {
    for (let i = 0; i < inFlight; i++) waiting[i] = command(client);
    for (let i = 0; i < inFlight; i++) await waiting[i];
  }
}

/** What one of the commands allocates, after some that make what is kept for all. */
async function allocatedBy(work: Work, client: InstanceType<Library['Client']>): Promise<Allocated> {
  for (let i = 0; i < 3; i++) await run(work, client);
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 1,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await run(work, client);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  const { head, samples } = profile as SampledProfile;
  const counted = idsOf(head);
  const sizes = samples.filter(({ nodeId }) => counted.has(nodeId)).map(({ size }) => size);
  const commands = Math.ceil(COMMANDS / work.keys / work.inFlight) * work.inFlight * work.keys;
  return { objects: sizes.length / commands, bytes: sizes.reduce((sum, size) => sum + size, 0) / commands };
}

/** All places but those in the profiler's own session. */
function idsOf(node: SampledNode, ids = new Set<number>()): Set<number> {
  if (node.callFrame.url === 'node:inspector') return ids;
  ids.add(node.id);
  for (const child of node.children) idsOf(child, ids);
  return ids;
}

async function allocated({ Client }: Library, address: string): Promise<Map<string, Allocated>> {
  const found = new Map<string, Allocated>();
  for (const protocol of ['meta', 'binary', 'classic'] as const) {
    const client = Client.create(address, { protocol });
    await client.set('key', VALUE);
    await client.setMulti(KEYS.map((key) => [key, VALUE]));
    for (const work of WORKS) found.set(`${protocol}: ${work.name}`, await allocatedBy(work, client));
    await client.quit();
  }
  return found;
}

const { before: file } = parseArgs({ options: { before: { type: 'string' } } }).values;
await using server = await startMemcached();
const now = await allocated(present, server.address);
const before =
  file === undefined
    ? undefined
    : await allocated(await import(pathToFileURL(path.resolve(file)).href), server.address);
console.log(`Objects of the heap${before === undefined ? '' : ', now and before'}`);
for (const [name, { objects, bytes }] of now) {
  const old = before?.get(name);
  const beside =
    old === undefined ? '' : `${old.objects.toFixed(2).padStart(9)} ${Math.round(old.bytes).toString().padStart(7)} B`;
  console.log(
    `${name.padEnd(34)}${objects.toFixed(2).padStart(7)} ${Math.round(bytes).toString().padStart(7)} B${beside}`,
  );
  if (old !== undefined && objects > old.objects + TOLERATED) {
    console.error(`${name}: more objects than before`);
    process.exitCode = 1;
  }
}
