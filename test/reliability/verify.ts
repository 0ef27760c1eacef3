import { sleep } from '../support/wait.ts';
import type { Subject } from './subjects/subject.ts';
import type { Done } from './watch.ts';

/** As many keys as it takes to reach each of three servers. */
const KEYS = 12;
/** How long it is tried at all, in milliseconds: the promise is 2 s, but how long it does take is worth knowing. */
const PATIENCE = 6000;

export interface Recovery {
  /** In milliseconds from the beginning; undefined when it never worked. */
  took: number | undefined;
  /** Why it did not work the last time. */
  reason: string;
}

/** Tries until every command does what it should, at every server. */
export async function everythingWorks(subject: Subject, run: string): Promise<Recovery> {
  const started = performance.now();
  let reason = '';
  for (let round = 0; performance.now() < started + PATIENCE; round++) {
    const keys = Array.from({ length: KEYS }, (_, index) => `${run}.works-${round}-${index}`);
    try {
      await withinPatience(Promise.all(keys.map((key) => works(subject, key))));
      return { took: performance.now() - started, reason: '' };
    } catch (error) {
      reason = String(error);
      await sleep(10);
    }
  }
  return { took: undefined, reason };
}

async function works(subject: Subject, key: string): Promise<void> {
  const is = async (wanted: unknown, call: (done: Done) => void): Promise<void> => {
    const result = await new Promise((resolve, reject) => {
      call((error, value) => (error ? reject(error) : resolve(Buffer.isBuffer(value) ? value.toString() : value)));
    });
    if (result !== wanted) throw new Error(`${call} of ${key} is ${result} instead of ${wanted}`);
  };
  const counter = `${key}-counter`;
  await is(true, (done) => subject.set(key, '1', done));
  await is('1', (done) => subject.get(key, done));
  await is(true, (done) => subject.append(key, '2', done));
  if (subject.prepends) await is(true, (done) => subject.prepend(key, '0', done));
  await is(subject.prepends ? '012' : '12', (done) => subject.get(key, done));
  await is(true, (done) => subject.replace(key, 'new', done));
  await is(false, (done) => subject.add(key, 'none', done));
  await is(true, (done) => subject.add(`${key}-added`, 'new', done));
  await is(100, (done) => subject.increment(counter, 5, 100, done));
  await is(105, (done) => subject.increment(counter, 5, 100, done));
  await is(98, (done) => subject.decrement(counter, 7, 100, done));
  await is(true, (done) => subject.touch(key, 60, done));
  await is('new', (done) => subject.get(key, done));
  await is(true, (done) => subject.delete(key, done));
  await is(null, (done) => subject.get(key, done));
}

async function withinPatience(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('a command did not settle')), PATIENCE);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
