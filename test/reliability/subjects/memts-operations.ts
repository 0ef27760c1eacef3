import { checkValue, type Ground, isBoolean, isTrue, type Next, shown, type Weighted, watched } from '../operations.ts';
import type { Memts } from './memts.ts';

/** How many computations may hold each other up, in `lockFor`s. */
const PATIENCE = 2;
const UPDATE_TRIES = 3;

/** What memts has beyond the commands that all clients share. */
export function memtsOperations(ground: Ground, memts: Memts): Weighted[] {
  const { ledger, random, bound } = ground;
  const { client } = memts;
  const { values } = ledger;
  const anyKey = (): number => random.below(values.keys.length);
  const key = (index: number): string => values.keys[index] as string;
  const some = (count: number): number[] => Array.from({ length: count }, anyKey);
  return [
    {
      weight: 20,
      run(next) {
        const index = anyKey();
        const done = watched(ground, 'getAndTouch', next, (value) => checkValue(ground, 'getAndTouch', index, value));
        client.getAndTouch(key(index), 100, done);
      },
    },
    {
      weight: 4,
      run(next) {
        const index = anyKey();
        const done = watched(ground, 'get', next, (value) => checkValue(ground, 'get', index, value));
        const signal = aborting(random.below(30));
        client.get(key(index), { signal }).then(({ value }) => done(null, value), done);
      },
    },
    {
      weight: 4,
      run(next) {
        const index = anyKey();
        const done = watched(ground, 'set', next, (stored) => isTrue(ground, 'set', stored));
        client.set(key(index), values.make(index), { timeout: 0.01 }, done);
      },
    },
    { weight: 15, run: (next) => guardedRead(ground, memts, next) },
    {
      weight: 8,
      run(next) {
        const indexes = some(16);
        const done = watched(ground, 'getMulti', next, (found) => {
          const { hits, errors } = found as { hits: ReadonlyMap<string, { value: Buffer }>; errors: number };
          if (errors > 0) ground.watch.failed(new Error('a server of getMulti'));
          let known = 0;
          for (const index of new Set(indexes)) {
            const hit = hits.get(key(index));
            if (hit === undefined) continue;
            known++;
            checkValue(ground, 'getMulti', index, hit.value);
          }
          if (known !== hits.size) ground.watch.found('wrong', 'getMulti: a key that was not asked for');
        });
        client.getMulti(indexes.map(key)).then((hits) => done(null, { hits, errors: hits.errors.size }), done);
      },
    },
    {
      weight: 3,
      run(next) {
        const indexes = [...new Set(some(8))];
        const done = watched(ground, 'setMulti', next, (stored) => allOf(ground, 'setMulti', stored, true));
        client
          .setMulti(indexes.map((index) => [key(index), values.make(index)] as const))
          .then((results) => done(null, results), done);
      },
    },
    {
      weight: 2,
      run(next) {
        const done = watched(ground, 'deleteMulti', next, (gone) => allOf(ground, 'deleteMulti', gone, false));
        client.deleteMulti(some(4).map(key)).then((results) => done(null, results), done);
      },
    },
    {
      weight: 2,
      run(next) {
        const index = anyKey();
        const longest = UPDATE_TRIES * (2 * bound + 64);
        const done = watched(ground, 'update', next, () => {}, longest);
        const change = (value: Buffer | null): string => {
          checkValue(ground, 'update', index, value);
          return values.make(index);
        };
        client.update(key(index), change, { retries: UPDATE_TRIES }).then((value) => done(null, value), done);
      },
    },
    {
      weight: 2,
      run(next) {
        const index = random.below(ledger.computed.keys.length);
        const name = ledger.computed.keys[index] as string;
        // It looks, waits for another's computation, looks a last time and stores or gives back the lock.
        const longest = PATIENCE * 1000 + 6 * bound;
        const done = watched(
          ground,
          'getOrSet',
          next,
          (value) => {
            if (ledger.computed.check(index, value as Buffer) < 0) {
              ground.watch.found('wrong', `getOrSet of ${name}: ${shown(value)}`);
            }
          },
          longest,
        );
        const compute = (): string => ledger.computed.make(index);
        client
          .getOrSet(name, compute, { expires: random.between(1, 60), lockFor: 1 })
          .then((value) => done(null, value), done);
      },
    },
    {
      weight: 1,
      run(next) {
        const done = watched(ground, 'version', next, (versions) => allText(ground, versions));
        client.version().then((versions) => done(null, versions), done);
      },
    },
    {
      weight: 1,
      run(next) {
        const done = watched(ground, 'stats', next, (stats) => {
          if (Object.values(stats as object).some(({ pid }) => pid === undefined)) ground.watch.found('wrong', 'stats');
        });
        client.stats().then((stats) => done(null, stats), done);
      },
    },
    {
      weight: 1,
      run(next) {
        // Seldom enough that there is something to read.
        if (random.below(200) > 0) return next();
        const done = watched(ground, 'flush', next, () => {});
        client.flush().then((results) => done(null, results), done);
      },
    },
  ];
}

/** Reads a value with its CAS and stores the next one with that. */
function guardedRead(ground: Ground, memts: Memts, next: Next): void {
  const { ledger, random, watch } = ground;
  const { guarded, refused } = ledger;
  const index = random.below(guarded.keys.length);
  const key = guarded.keys[index] as string;
  let found: { value: Buffer | null; cas?: bigint } = { value: null };
  const begun = watch.begin('get', ground.bound, (error) => {
    if (error) return next(error);
    const number = found.value === null ? 0 : guarded.check(index, found.value);
    if (number < 0) watch.found('wrong', `get of ${key}: ${shown(found.value)}`);
    if (refused[index]?.has(number)) watch.found('wrong', `${key} has value ${number}, which was refused`);
    guardedWrite(ground, memts, index, found.cas, next);
  });
  memts.client.get(key, { cas: true }).then((result) => {
    found = result;
    begun(null);
  }, begun);
}

function guardedWrite(ground: Ground, { client }: Memts, index: number, cas: bigint | undefined, next: Next): void {
  const { guarded } = ground.ledger;
  const key = guarded.keys[index] as string;
  const value = guarded.make(index);
  const number = Number.parseInt(value.slice(key.length + 1), 10);
  const done = watched(ground, cas === undefined ? 'add' : 'set with cas', next, (stored) => {
    isBoolean(ground, 'set with cas', stored);
    if (stored === false) ground.ledger.refuse(index, number);
  });
  if (cas === undefined) client.add(key, value, done);
  else client.set(key, value, { cas }, done);
}

function aborting(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  if (milliseconds === 0) controller.abort();
  else setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

function allOf(ground: Ground, name: string, results: unknown, wanted: boolean): void {
  for (const result of (results as ReadonlyMap<string, unknown>).values()) {
    if (wanted) isTrue(ground, name, result);
    else isBoolean(ground, name, result);
  }
}

function allText(ground: Ground, versions: unknown): void {
  for (const version of Object.values(versions as object)) {
    if (!/^\d+\.\d+/.test(String(version))) ground.watch.found('wrong', `version: ${shown(version)}`);
  }
}
