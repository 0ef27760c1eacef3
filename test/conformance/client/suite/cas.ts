import { describe, expect, it } from 'vitest';
import type { Client } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

type Change = (client: Client, key: string, cas: bigint) => Promise<unknown>;

const CHANGES: [name: string, change: Change, left: string | null][] = [
  ['set', (client, key, cas) => client.set(key, '7', { cas }), '7'],
  ['replace', (client, key, cas) => client.replace(key, '7', { cas }), '7'],
  ['append', (client, key, cas) => client.append(key, '7', { cas }), '57'],
  ['prepend', (client, key, cas) => client.prepend(key, '7', { cas }), '75'],
  ['delete', (client, key, cas) => client.delete(key, { cas }), null],
  ['increment', (client, key, cas) => client.increment(key, 2, { cas }).then(({ success }) => success), '7'],
  ['decrement', (client, key, cas) => client.decrement(key, 2, { cas }).then(({ success }) => success), '3'],
];

export function describeCas(target: Target): void {
  describe.skipIf(target.can.cas)('cas of a server that has it switched off', () => {
    // Where nothing has shown that yet, memcached itself does not compare: it appends and prepends over binary and
    // meta, and stores over binary.
    const ignored = target.protocol === 'binary' ? ['set', 'replace', 'append', 'prepend'] : ['append', 'prepend'];
    const compared = CHANGES.filter(([name]) => !ignored.includes(name));

    it.for(compared)('%s is refused, and changes nothing', async ([, change]) => {
      const key = target.key('cas');
      await target.client.set(key, '5');
      // Whether it is reported depends on what the connection has found out so far.
      const outcome = await change(target.client, key, 5n).catch(({ code }) => code);
      expect(outcome).toBeOneOf([false, 'ERR_UNSUPPORTED']);
      expect(await target.text(key)).toBe('5');
    });

    it('is not returned, and the error says why', async () => {
      const key = target.key('cas');
      await target.client.set(key, '5');
      const calls = [target.client.get(key, { cas: true }), target.client.update(key, () => '6')];
      for (const error of await Promise.all(calls.map(failure))) {
        expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', server: target.name });
        expect(error.message).toMatch(/CAS/);
      }
      expect(await target.text(key)).toBe('5');
    });
  });

  describe.skipIf(!target.can.cas)('cas', () => {
    /** Stores 5 under a new key. */
    async function stored(): Promise<{ key: string; cas: bigint }> {
      const key = target.key('cas');
      await target.client.set(key, '5');
      const { cas } = await target.client.get(key, { cas: true });
      return { key, cas: cas as bigint };
    }

    /** What the protocol has a form for. */
    const changes = CHANGES.filter(([name]) => target.protocol !== 'classic' || name === 'set' || name === 'replace');
    const others = CHANGES.filter((change) => !changes.includes(change));

    it.each(changes)('%s goes ahead where nothing has changed', async (_name, change, left) => {
      const { key, cas } = await stored();
      expect(await change(target.client, key, cas)).toBe(true);
      expect(await target.text(key)).toBe(left);
    });

    it.each(changes)('%s is false where the item has changed, and changes nothing', async (_name, change) => {
      const { key, cas } = await stored();
      await target.client.set(key, '6');
      expect(await change(target.client, key, cas)).toBe(false);
      expect(await target.text(key)).toBe('6');
    });

    it.each(changes)('%s is false where the item is gone, and creates nothing', async (_name, change) => {
      const { key, cas } = await stored();
      await target.client.delete(key);
      expect(await change(target.client, key, cas)).toBe(false);
      expect(await target.text(key)).toBeNull();
    });

    it.for(others)('%s names the protocols that have it, and changes nothing', async ([, change]) => {
      const { key, cas } = await stored();
      const error = await failure(change(target.client, key, cas));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_UNSUPPORTED', server: target.name });
      expect(error.message).toMatch(/CAS.*binary or meta protocol/);
      const [handed] = await called((done) => target.client.increment(key, 1, { cas }, done));
      expect(handed).toMatchObject({ code: 'ERR_UNSUPPORTED' });
      expect(await target.text(key)).toBe('5');
    });

    const withCounters = others.length === 0 ? it : (): void => {};

    withCounters('a counter that was not moved has no value', async () => {
      const { key, cas } = await stored();
      await target.client.set(key, '6');
      expect(await target.client.increment(key, 1, { cas })).toEqual({ success: false, value: null });
      expect(await called((done) => target.client.decrement(key, 1, { cas }, done))).toEqual([null, false, null]);
    });

    it('calls back with the outcome', async () => {
      const { key, cas } = await stored();
      expect(await called((done) => target.client.set(key, '8', { cas }, done))).toEqual([null, true]);
      expect(await called((done) => target.client.set(key, '9', { cas }, done))).toEqual([null, false]);
      expect(await called((done) => target.client.replace(key, '9', { cas }, done))).toEqual([null, false]);
      if (others.length === 0) {
        expect(await called((done) => target.client.append(key, '9', { cas }, done))).toEqual([null, false]);
        expect(await called((done) => target.client.delete(key, { cas }, done))).toEqual([null, false]);
      }
      expect(await target.text(key)).toBe('8');
    });

    it('lets only one of two writers through', async () => {
      const { key, cas } = await stored();
      const other = target.create();
      const outcomes = await Promise.all([target.client.set(key, 'a', { cas }), other.set(key, 'b', { cas })]);
      expect(outcomes.sort()).toEqual([false, true]);
    });
  });
}
