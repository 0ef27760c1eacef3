import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/index.ts';
import { called, failure, timeLeft } from '../support/outcomes.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

/** A client as programs without types call it. */
type Untyped = { [Name in keyof Client]: (...args: unknown[]) => Promise<unknown> };

const INSERTS: Readonly<Record<string, (client: Untyped, key: string, options: unknown) => Promise<unknown>>> = {
  set: (client, key, options) => client.set(key, 'v', options),
  'set with a callback': (client, key, options) => called((done) => void client.set(key, 'v', options, done)),
  add: (client, key, options) => client.add(key, 'v', options),
  replace: async (client, key, options) => {
    await client.set(key, 'old');
    return client.replace(key, 'v', options);
  },
  setMulti: (client, key, options) => client.setMulti([[key, 'v']], options),
  getOrSet: (client, key, options) => client.getOrSet(key, () => 'v', options),
};

const OTHERS: Readonly<Record<string, (client: Untyped, options: unknown) => Promise<unknown>>> = {
  get: (client, options) => client.get('k', options),
  getAndTouch: (client, options) => client.getAndTouch('k', 60, options),
  append: (client, options) => client.append('k', 'v', options),
  prepend: (client, options) => client.prepend('k', 'v', options),
  delete: (client, options) => client.delete('k', options),
  touch: (client, options) => client.touch('k', 60, options),
  increment: (client, options) => client.increment('n', 1, options),
  decrement: (client, options) => client.decrement('n', 1, options),
  getMulti: (client, options) => client.getMulti(['k'], options),
  deleteMulti: (client, options) => client.deleteMulti(['k'], options),
  update: (client, options) => client.update('k', () => 'v', options),
  stats: (client, options) => client.stats(options),
  version: (client, options) => client.version(options),
};

const NONE = [null, undefined, false, ''];
const WRONG = ['60', true, 5n, Symbol('s')];
/** Objects of another kind, of which a `Date` may be meant for an expiration. */
const OTHER_OBJECTS = [new Date(), [60], new Number(60), Buffer.from('60'), new Map(), new AbortController().signal];

describeEverywhere((target: Target) => {
  // What the types forbid is what is tried here.
  const untyped = (client: Client): Untyped => client as unknown as Untyped;

  describe.skipIf(!target.can.ttl).each(Object.entries(INSERTS))('%s', (_name, insert) => {
    it('takes a number in the place of the options for the expiration', async () => {
      const client = target.create({ expires: 1000 });
      const key = target.key();
      await insert(untyped(client), key, 60);
      expect(await timeLeft(target.description.server, key)).toBeOneOf([59, 60]);
    });

    it('takes 0 there for never, whatever the default is', async () => {
      const client = target.create({ expires: 1000 });
      const key = target.key();
      await insert(untyped(client), key, 0);
      expect(await timeLeft(target.description.server, key)).toBe(-1);
    });

    it('takes null, undefined, false and an empty string for no options', async () => {
      const client = target.create({ expires: 1000 });
      for (const none of NONE) {
        const key = target.key();
        if (none === null && insert === INSERTS.set) void insert(untyped(client), key, null);
        else await insert(untyped(client), key, none);
        await expect.poll(() => timeLeft(target.description.server, key)).toBeOneOf([999, 1000]);
      }
    });

    it('refuses a number that is no expiration, and anything else that is no object', async () => {
      for (const wrong of [-1, 1.5, Number.NaN, ...WRONG, ...OTHER_OBJECTS]) {
        const outcome = insert(untyped(target.client), target.key(), wrong);
        const error = await outcome.then(
          (value) => (Array.isArray(value) ? value[0] : value),
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
    });
  });

  describe.each(Object.entries(OTHERS))('%s', (_name, call) => {
    it('refuses a number in the place of the options, and anything else that is no object', async () => {
      for (const wrong of [60, 0, ...WRONG, ...OTHER_OBJECTS]) {
        expect(await failure(call(untyped(target.client), wrong))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
    });

    it('takes undefined, false and an empty string for no options', async () => {
      await target.client.set('n', '1');
      for (const none of [undefined, false, '']) await call(untyped(target.client), none);
    });
  });

  it.skipIf(!target.can.ttl)("what was MemJS's old order still is", async () => {
    const client = untyped(target.client);
    for (const callback of [null, undefined]) {
      const key = target.key();
      await client.set(key, 'v', callback, 60);
      await expect.poll(() => timeLeft(target.description.server, key)).toBeOneOf([59, 60]);
    }
  });

  it.skipIf(!target.can.ttl)('options behind the callback count, and nothing else there is ignored', async () => {
    const client = untyped(target.client);
    for (const behind of [60, { expires: 60 }]) {
      const [value, counter] = [target.key(), target.key()];
      await called((done) => void client.set(value, 'v', done, behind));
      await called((done) => void client.increment(counter, 1, done, behind));
      for (const key of [value, counter]) {
        expect(await timeLeft(target.description.server, key)).toBeOneOf([59, 60]);
      }
    }
    for (const wrong of [...WRONG, ...OTHER_OBJECTS]) {
      const calls = [
        called((done) => void client.set(target.key(), 'v', done, wrong)),
        called((done) => void client.increment(target.key(), 1, done, wrong, 5)),
      ];
      for (const [error] of await Promise.all(calls)) expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
  });
});
