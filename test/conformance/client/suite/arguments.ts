import { describe, expect, it } from 'vitest';
import { called } from '../../../support/outcomes.ts';
import { eventually } from '../../../support/wait.ts';
import type { Target } from './target.ts';

const INSERTS = ['set', 'add', 'replace'] as const;
const COUNTS = ['increment', 'decrement'] as const;

export function describeArguments(target: Target): void {
  /** A key that `command` can store under. */
  async function keyFor(command: 'set' | 'add' | 'replace'): Promise<string> {
    const key = target.key(command);
    if (command === 'replace') await target.client.set(key, 'old');
    return key;
  }

  const deprecation = (command: string) =>
    `MemJS ${command.toUpperCase()}: using deprecated call - arguments have changed`;

  describe.each(INSERTS)('arguments of %s', (command) => {
    it('(key, value)', async () => {
      const client = target.create();
      expect(await client[command](await keyFor(command), 'v')).toBe(true);
      expect(target.log).toEqual([]);
    });

    it('(key, value, options)', async () => {
      const client = target.create();
      expect(await client[command](await keyFor(command), 'v', { expires: 100 })).toBe(true);
      expect(await client[command](await keyFor(command), 'v', {})).toBe(true);
      expect(await client[command](await keyFor(command), 'v', undefined)).toBe(true);
      expect(target.log).toEqual([]);
    });

    it('(key, value, options, callback)', async () => {
      const client = target.create();
      for (const options of [{ expires: 100 }, {}, null]) {
        const key = await keyFor(command);
        expect(await called((done) => client[command](key, 'v', options, done))).toEqual([null, true]);
        expect(await target.text(key)).toBe('v');
      }
      expect(target.log).toEqual([]);
    });

    it('(key, value, callback), which is deprecated', async () => {
      const client = target.create();
      const key = await keyFor(command);
      expect(await called((done) => client[command](key, 'v', done))).toEqual([null, true]);
      expect(await target.text(key)).toBe('v');
      expect(target.log).toEqual([deprecation(command)]);
    });

    // That the expiration is honoured is among the cases on expirations.
    it('(key, value, callback, expires), which is deprecated', async () => {
      const client = target.create();
      const key = await keyFor(command);
      expect(await called((done) => client[command](key, 'v', done, 60))).toEqual([null, true]);
      expect(await target.text(key)).toBe('v');
      expect(target.log).toEqual([deprecation(command)]);
    });

    it('(key, value, null, expires), with nobody waiting, which is deprecated', async () => {
      const client = target.create();
      const key = await keyFor(command);
      expect(client[command](key, 'v', null, 60)).toBeUndefined();
      await eventually(async () => expect(await target.text(key)).toBe('v'));
      expect(target.log).toEqual([deprecation(command)]);
    });
  });

  describe.each(COUNTS)('arguments of %s', (command) => {
    it('(key, amount) and (key, amount, options)', async () => {
      const client = target.create();
      expect(await client[command](target.key('n'), 1)).toEqual({ success: true, value: 0 });
      expect(await client[command](target.key('n'), 1, { initial: 5 })).toEqual({ success: true, value: 5 });
      expect(await client[command](target.key('n'), 1, undefined)).toEqual({ success: true, value: 0 });
      expect(target.log).toEqual([]);
    });

    it('(key, amount, options, callback)', async () => {
      const client = target.create();
      for (const [options, value] of [
        [{ initial: 5 }, 5],
        [{}, 0],
        [null, 0],
      ] as const) {
        const key = target.key('n');
        expect(await called((done) => client[command](key, 1, options, done))).toEqual([null, true, value]);
      }
      expect(target.log).toEqual([]);
    });

    it('(key, amount, callback), which is deprecated', async () => {
      const client = target.create();
      expect(await called((done) => client[command](target.key('n'), 1, done))).toEqual([null, true, 0]);
      expect(target.log).toEqual([deprecation(command)]);
    });

    it('(key, amount, callback, expires, initial), which is deprecated', async () => {
      const client = target.create();
      const key = target.key('n');
      expect(await called((done) => client[command](key, 1, done, 60, 20))).toEqual([null, true, 20]);
      expect(await called((done) => client[command](target.key('n'), 1, done, 60))).toEqual([null, true, 0]);
      expect(target.log).toEqual([deprecation(command), deprecation(command)]);
      expect(await target.text(key)).toBe('20');
    });
  });

  describe('arguments', () => {
    it('of append, prepend and delete: options may be left out', async () => {
      const client = target.create();
      const key = target.key();
      await client.set(key, 'm');
      expect(await client.append(key, '1', {})).toBe(true);
      expect(await called((done) => client.append(key, '2', done))).toEqual([null, true]);
      expect(await called((done) => client.append(key, '3', null, done))).toEqual([null, true]);
      expect(await client.prepend(key, '1', {})).toBe(true);
      expect(await called((done) => client.prepend(key, '2', done))).toEqual([null, true]);
      expect(await called((done) => client.prepend(key, '3', null, done))).toEqual([null, true]);
      expect(await target.text(key)).toBe('321m123');
      expect(await called((done) => client.delete(key, null, done))).toEqual([null, true]);
      expect(target.log).toEqual([]);
    });

    it('an option that is undefined or null is one that was left out', async () => {
      const client = target.create();
      const key = target.key();
      const none = { expires: undefined, flags: undefined, cas: undefined, signal: undefined, timeout: undefined };
      expect(await client.set(key, '1', none)).toBe(true);
      expect(await client.increment(key, 1, { ...none, initial: undefined, bigint: undefined })).toEqual({
        success: true,
        value: 2,
      });
      expect(await client.delete(key, { cas: undefined, signal: undefined })).toBe(true);
    });

    it('of set, with a callback that nobody needs the result of: null, as in MemJS', async () => {
      const client = target.create();
      const key = target.key();
      expect(client.set(key, 'v', {}, null as never)).toBeUndefined();
      await eventually(async () => expect(await target.text(key)).toBe('v'));
    });

    it('are left as they were', async () => {
      const key = target.key();
      const options = Object.freeze({ expires: 100, flags: 1 });
      await target.client.set(key, 'v', options);
      await target.client.increment(target.key('n'), 1, Object.freeze({ initial: 1, expires: 100 }));
      expect(options).toEqual({ expires: 100, flags: 1 });
    });
  });
}
