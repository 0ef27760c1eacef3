import type { Random } from '../support/random.ts';
import type { Counters } from './ledger/counters.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Subject } from './subjects/subject.ts';
import type { Done, Watch } from './watch.ts';

/** Goes on to the lane's next command. */
export type Next = (error?: unknown) => void;
export type Operation = (next: Next) => void;

export interface Weighted {
  weight: number;
  run: Operation;
}

/** Where commands go, and all that is known of them. */
export interface Ground {
  subject: Subject;
  ledger: Ledger;
  watch: Watch;
  random: Random;
  /** Of a single command, in milliseconds. */
  bound: number;
}

/** A command, and what is looked at when it has ended without an error. */
export function watched(
  ground: Ground,
  name: string,
  next: Next,
  check: (result: unknown) => void,
  bound = ground.bound,
): Done {
  return ground.watch.begin(name, bound, (error, result) => {
    if (!error) check(result);
    next(error);
  });
}

/** The commands that every client has, each with the check of what it answers. */
export function commonOperations(ground: Ground): Weighted[] {
  const { subject, ledger, random } = ground;
  const { values } = ledger;
  const anyKey = (): number => random.below(values.keys.length);
  const key = (index: number): string => values.keys[index] as string;
  const count =
    (name: 'increment' | 'decrement', counters: Counters): Operation =>
    (next) => {
      const counting = counters.next(random.below(counters.slots));
      const check = (value: unknown): void => {
        const verdict = typeof value === 'number' ? counters.check(counting, value) : 'wrong';
        if (verdict !== 'right') {
          const what = `${name} ${counting.index} of ${counting.key}: ${value}`;
          ground.watch.found(verdict, `${what}, applied ${counters.applied(Number(value)).toString(4)}`);
        }
      };
      subject[name](counting.key, counting.amount, counters.initial, watched(ground, name, next, check));
    };
  return [
    {
      weight: 500,
      run(next) {
        const index = anyKey();
        subject.get(
          key(index),
          watched(ground, 'get', next, (value) => checkValue(ground, 'get', index, value)),
        );
      },
    },
    {
      weight: 180,
      run(next) {
        const index = anyKey();
        subject.set(
          key(index),
          values.make(index),
          watched(ground, 'set', next, (stored) => isTrue(ground, 'set', stored)),
        );
      },
    },
    {
      weight: 20,
      run(next) {
        const index = anyKey();
        subject.replace(
          key(index),
          values.make(index),
          watched(ground, 'replace', next, (stored) => isBoolean(ground, 'replace', stored)),
        );
      },
    },
    {
      weight: 20,
      run: (next) =>
        subject.delete(
          key(anyKey()),
          watched(ground, 'delete', next, (done) => isBoolean(ground, 'delete', done)),
        ),
    },
    {
      weight: 20,
      run: (next) =>
        subject.touch(
          key(anyKey()),
          100,
          watched(ground, 'touch', next, (done) => isBoolean(ground, 'touch', done)),
        ),
    },
    {
      weight: 30,
      run(next) {
        const fresh = ledger.freshKey();
        const check = (stored: unknown): void => {
          // Nobody else stores it: only a first attempt that was sent again can have been in the way.
          if (stored !== true) ground.watch.found('twice', `add of ${fresh}: ${stored}`);
        };
        subject.add(fresh, fresh, watched(ground, 'add', next, check));
      },
    },
    { weight: 50, run: count('increment', ledger.up) },
    { weight: 30, run: count('decrement', ledger.down) },
    { weight: 70, run: (next) => putTo(ground, next) },
    {
      weight: 15,
      run(next) {
        const index = random.below(ledger.lists.keys.length);
        const check = (value: unknown): void => checkList(ground, index, value);
        subject.get(ledger.lists.keys[index] as string, watched(ground, 'get', next, check));
      },
    },
  ];
}

function putTo(ground: Ground, next: Next): void {
  const { ledger, random, subject } = ground;
  const index = random.below(ledger.lists.keys.length);
  const { kind, value } = ledger.lists.next(index, random.below(2) === 0 || !subject.prepends ? 'append' : 'prepend');
  const check = (stored: unknown): void => {
    isBoolean(ground, kind, stored);
    if (kind === 'set') ledger.lists.reset(index);
  };
  subject[kind](ledger.lists.keys[index] as string, value, watched(ground, kind, next, check));
}

/** A value that was read has to be one that was written under its key. */
export function checkValue({ ledger, watch }: Ground, name: string, index: number, value: unknown): void {
  if (value === null) return;
  if (ledger.values.check(index, value as Buffer) < 0) {
    watch.found('wrong', `${name} of ${ledger.values.keys[index]}: ${shown(value)}`);
  }
}

function checkList({ ledger, watch }: Ground, index: number, value: unknown): void {
  if (value === null) return;
  const verdict = ledger.lists.check(index, (value as Buffer).toString('latin1'));
  if (verdict !== 'right') watch.found(verdict, `get of ${ledger.lists.keys[index]}: ${shown(value)}`);
}

export function isTrue({ watch }: Ground, name: string, result: unknown): void {
  if (result !== true) watch.found('wrong', `${name}: ${shown(result)} instead of true`);
}

export function isBoolean({ watch }: Ground, name: string, result: unknown): void {
  if (typeof result !== 'boolean') watch.found('wrong', `${name}: ${shown(result)} is no boolean`);
}

export function shown(value: unknown): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
  return JSON.stringify(text.slice(0, 600));
}
