/**
 * A program that disconnects its client in the middle of a call that is made of several commands. It prints what
 * became of the call, and has to end by itself.
 */
import { Client, type MemcacheError } from '../../../src/index.ts';
import { sleep } from '../../support/wait.ts';

const [address = '', otherAddress = '', protocol, way = '', how] = process.argv.slice(2);
const settings = { protocol, timeout: 10, logger: false } as { protocol: 'meta' };
const client = Client.create(address, settings);
const other = Client.create(otherAddress, settings);
const key = `${way}-${protocol}-${how}`;
const options = { expires: 60, staleFor: 60, lockFor: 20 };

/** A computation that takes a while, and tells when it has begun. */
function computation(takes: number): { compute: () => Promise<string>; begun: Promise<unknown> } {
  let begin: (value?: unknown) => void = () => {};
  const begun = new Promise((resolve) => (begin = resolve));
  const compute = async (): Promise<string> => {
    begin();
    await sleep(takes);
    return 'computed';
  };
  return { compute, begun };
}

/** Has another client compute the value, and never be done with it. */
async function computeElsewhere(): Promise<void> {
  await new Promise((begin) => {
    const compute = (): Promise<string> => {
      begin(undefined);
      return new Promise(() => {});
    };
    other.getOrSet(key, compute, options).catch(() => {});
  });
}

/** Begins the call, and resolves in the middle of it. */
const WAYS: Readonly<Record<string, () => Promise<{ call: Promise<unknown> }>>> = {
  computing: async () => {
    const { compute, begun } = computation(300);
    const call = client.getOrSet(key, compute, options);
    await begun;
    return { call };
  },
  refreshing: async () => {
    await client.getOrSet(key, () => 'old', options);
    await client.touch(key, 30);
    await client.delete(`${key}:fresh`);
    const { compute, begun } = computation(300);
    const call = client.getOrSet(key, compute, options);
    await Promise.all([call, begun]);
    return { call };
  },
  waiting: async () => {
    await computeElsewhere();
    const call = client.getOrSet(key, () => 'never', options);
    await sleep(150);
    return { call };
  },
  aborted: async () => {
    await computeElsewhere();
    const controller = new AbortController();
    const call = client.getOrSet(key, () => 'never', { ...options, signal: controller.signal });
    await sleep(150);
    controller.abort(new Error('aborted'));
    await call.catch(() => {});
    return { call };
  },
  update: async () => {
    const { compute, begun } = computation(300);
    const call = client.update(key, compute);
    await begun;
    return { call };
  },
  setMulti: async () => {
    await client.connect();
    return { call: client.setMulti(Array.from({ length: 20_000 }, (_, index) => [`${key}-${index}`, 'value'])) };
  },
  deleteMulti: async () => {
    await client.connect();
    return { call: client.deleteMulti(Array.from({ length: 20_000 }, (_, index) => `${key}-${index}`)) };
  },
};

const begin = WAYS[way];
if (begin === undefined) throw new Error(`no way ${way}`);
const { call } = await begin();
let settled = 'pending';
call.then(
  (value) => (settled = value instanceof Map ? `${value.size} results` : String(value)),
  (error: MemcacheError) => (settled = error.code ?? error.message),
);
if (how === 'quit') await client.quit();
else client.close();
other.close();
await sleep(20);
process.stdout.write(settled);
