import { readFileSync } from 'node:fs';
import { type Profiler, type Runtime, Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';

/** Microseconds between two samples. */
const INTERVAL = 200;

/** Where a client's process spends its time. */
export const PARTS = ['waiting', 'writing', 'runtime', 'collecting', 'Node.js', 'client', 'benchmark'] as const;
export type Part = (typeof PARTS)[number];

/** Seconds in each part, and of those in the client's own code the ones in each of its rooms, where they are known. */
export interface Times {
  readonly parts: Readonly<Record<Part, number>>;
  readonly rooms: Readonly<Record<string, number>>;
}

/** Native functions that hand bytes to a socket: with TLS they encrypt as well. */
const WRITES = /^write(?:v|Buffer|Utf8String|Latin1String|AsciiString)$/;

const NAMED: Readonly<Record<string, Part>> = {
  '(idle)': 'waiting',
  '(program)': 'runtime',
  '(garbage collector)': 'collecting',
};

/** Measures where the time of `work` goes, as `node --cpu-prof` does. */
export async function profiled(work: () => Promise<void>): Promise<Times> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
    await session.post('Profiler.start');
    await work();
    const { profile } = await session.post('Profiler.stop');
    return timesOf(profile);
  } finally {
    session.disconnect();
  }
}

function timesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Times {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parts = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  const rooms: Record<string, number> = {};
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined) continue;
    const seconds = (timeDeltas[i] ?? 0) / 1e6;
    const part = partOf(frame);
    parts[part] += seconds;
    const room = part === 'client' ? roomOf(frame) : undefined;
    if (room !== undefined) rooms[room] = (rooms[room] ?? 0) + seconds;
  }
  return { parts, rooms };
}

function partOf({ functionName, url }: Runtime.CallFrame): Part {
  const named = NAMED[functionName];
  if (named !== undefined) return named;
  if (url === '' && WRITES.test(functionName)) return 'writing';
  if (url === '' || url.startsWith('node:')) return 'Node.js';
  if (!url.includes('/bench/dist/')) return 'client';
  return /\/(?:raw-socket|frames)\.js$/.test(url) ? 'client' : 'benchmark';
}

const sources = new Map<string, readonly (string | undefined)[]>();

/** The folder of the sources that a function of memts is in. */
function roomOf({ url, lineNumber }: Runtime.CallFrame): string | undefined {
  let rooms = sources.get(url);
  if (rooms === undefined) {
    rooms = readRooms(url);
    sources.set(url, rooms);
  }
  return rooms[lineNumber];
}

/** For each line of a built file the folder that it comes from, which the build writes between the sources. */
function readRooms(url: string): (string | undefined)[] {
  let room: string | undefined;
  return readFileSync(fileURLToPath(url), 'utf8')
    .split('\n')
    .map((line) => {
      if (line.startsWith('//#region ')) room = /src\/(\w+)\//.exec(line)?.[1];
      else if (line === '//#endregion') room = undefined;
      return room;
    });
}
