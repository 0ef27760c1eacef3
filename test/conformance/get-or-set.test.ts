import { describe, expect, it, vi } from 'vitest';
import { jsonSerializer } from '../../src/index.ts';
import { failure, timeLeft } from '../support/outcomes.ts';
import { sleep } from '../support/wait.ts';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

describeEverywhere((target: Target) => {
  describe('getOrSet', () => {
    it.skipIf(!target.can.ttl)(
      'computes on a miss, stores with the expiration, and serves a hit without computing',
      async () => {
        const key = target.key();
        const compute = vi.fn(() => 'made');
        expect(await target.client.getOrSet(key, compute, { expires: 100 })).toEqual(Buffer.from('made'));
        expect(await timeLeft(target.description.server, key)).toBeOneOf([99, 100]);
        expect(await target.client.getOrSet(key, compute)).toEqual(Buffer.from('made'));
        expect(compute).toHaveBeenCalledTimes(1);
        expect(await target.text(key)).toBe('made');
      },
    );

    it.skipIf(!target.can.ttl)("without an expiration has the client's", async () => {
      const key = target.key();
      await target.create({ expires: 50 }).getOrSet(key, () => 'v');
      expect(await timeLeft(target.description.server, key)).toBeOneOf([49, 50]);
      await target.client.getOrSet(`${key}-ever`, () => 'v');
      expect(await timeLeft(target.description.server, `${key}-ever`)).toBe(-1);
    });

    it.skipIf(!target.can.ttl)('with staleFor keeps an item that much longer, past 30 days as well', async () => {
      const key = target.key();
      await target.client.getOrSet(key, () => 'v', { expires: 100, staleFor: 50 });
      expect(await timeLeft(target.description.server, key)).toBeOneOf([149, 150]);
      const month = 30 * 86_400;
      await target.client.getOrSet(`${key}-long`, () => 'v', { expires: month, staleFor: 86_400 });
      const left = (await timeLeft(target.description.server, `${key}-long`)) as number;
      expect(left).toBeGreaterThan(month + 86_390);
      expect(left).toBeLessThanOrEqual(month + 86_401);
    });

    it('callers in a process share one computation, and in others wait for it', async () => {
      const key = target.key();
      const compute = vi.fn(async () => {
        await sleep(60);
        return 'made';
      });
      const clients = [target.client, target.create(), target.create()];
      const calls = clients.flatMap((client) => Array.from({ length: 30 }, () => client.getOrSet(key, compute)));
      expect(new Set((await Promise.all(calls)).map(String))).toEqual(new Set(['made']));
      expect(compute).toHaveBeenCalledTimes(1);
    });

    it.each([
      ['an empty string', ''],
      ['an empty Buffer', Buffer.alloc(0)],
    ])('%s is a value', async (_what, empty) => {
      const key = target.key();
      const compute = vi.fn(() => empty);
      expect(await target.client.getOrSet(key, compute)).toEqual(Buffer.alloc(0));
      expect(await target.client.getOrSet(key, compute)).toEqual(Buffer.alloc(0));
      expect(compute).toHaveBeenCalledTimes(1);
      expect(await target.text(key)).toBe('');
      expect((await target.client.getMulti([key])).size).toBe(1);
    });

    it.skipIf(!target.can.ttl).each([null, undefined])(
      '%s is returned and not stored, and the next caller computes at once',
      async (nothing) => {
        const key = target.key();
        expect(await target.client.getOrSet(key, () => nothing)).toBe(nothing);
        expect(await timeLeft(target.description.server, key)).toBeUndefined();
        const start = performance.now();
        expect(await target.create().getOrSet(key, async () => 'later')).toEqual(Buffer.from('later'));
        expect(performance.now() - start).toBeLessThan(900);
      },
    );

    it('gives a miss as a hit will be: through the serializer', async () => {
      const client = target.create({ serializer: jsonSerializer() });
      const key = target.key();
      const made = await client.getOrSet(key, () => ({ at: new Date(0), list: [1] }));
      expect(made).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [1] });
      expect(await client.getOrSet(key, () => 'never')).toEqual(made);
    });

    it.each([
      ['a Buffer', undefined, 'value', (value: unknown) => (value as Buffer).fill(0)],
      [
        'an object',
        jsonSerializer(),
        { name: 'value' },
        (value: unknown) => Object.assign(value as object, { name: 'x' }),
      ],
    ] as const)('each caller gets a value of its own: %s', async (_what, serializer, made, spoil) => {
      const client = target.create<unknown, unknown>(
        serializer === undefined ? {} : { serializer: serializer as never },
      );
      const key = target.key();
      for (const round of ['computed', 'found']) {
        const calls = Array.from({ length: 5 }, async () => {
          const value = await client.getOrSet(key, async () => made);
          const seen = Buffer.isBuffer(value) ? value.toString() : structuredClone(value);
          // What one does to its value is done before the next one has looked at its own.
          spoil(value);
          return { value, seen };
        });
        const results = await Promise.all(calls);
        expect(
          results.map(({ seen }) => seen),
          round,
        ).toEqual(results.map(() => made));
        expect(new Set(results.map(({ value }) => value)).size).toBe(5);
      }
    });

    it.skipIf(!target.can.ttl)(
      'an error of compute reaches all who wait and stores nothing; the next caller computes at once',
      async () => {
        const key = target.key();
        const reason = new Error('no');
        const compute = vi.fn(async () => {
          await sleep(20);
          throw reason;
        });
        const calls = Array.from({ length: 20 }, () => failure(target.client.getOrSet(key, compute)));
        expect(new Set(await Promise.all(calls))).toEqual(new Set([reason]));
        expect(compute).toHaveBeenCalledTimes(1);
        expect(await timeLeft(target.description.server, key)).toBeUndefined();
        const thrown = target.client.getOrSet(key, () => {
          throw reason;
        });
        expect(await failure(thrown)).toBe(reason);
        const start = performance.now();
        expect(await target.create().getOrSet(key, () => 'made')).toEqual(Buffer.from('made'));
        expect(performance.now() - start).toBeLessThan(900);
      },
    );

    it.skipIf(!target.can.ttl)('what the serializer cannot write is an error, and nothing is stored', async () => {
      const key = target.key();
      const client = target.create({ serializer: jsonSerializer() });
      expect(await failure(client.getOrSet(key, () => new Map()))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      const number = target.client.getOrSet(key, () => 5 as never);
      expect(await failure(number)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(await timeLeft(target.description.server, key)).toBeUndefined();
      expect(await target.client.getOrSet(key, () => 'made')).toEqual(Buffer.from('made'));
    });

    it('what the server refuses is returned and logged, and the next caller computes at once', async () => {
      const key = target.key();
      const client = target.create({ timeout: 3 });
      const large = Buffer.alloc(1024 * 1024);
      expect((await client.getOrSet(key, () => large))?.equals(large)).toBe(true);
      expect(target.log.join('\n')).toMatch(
        /A value for getOrSet could not be stored: MemJS (SET|REPLACE): Value too large/,
      );
      const start = performance.now();
      expect(await client.getOrSet(key, () => 'small')).toEqual(Buffer.from('small'));
      expect(performance.now() - start).toBeLessThan(900);
    });

    it('a computation past lockFor is ERR_TIMEOUT, its signal is aborted, and nothing is stored', async () => {
      const key = target.key();
      let signal: AbortSignal | undefined;
      const start = performance.now();
      const hangs = target.client.getOrSet(
        key,
        (context) => {
          signal = context.signal;
          return new Promise<string>((resolve) => setTimeout(resolve, 250, 'late'));
        },
        { lockFor: 0.1 },
      );
      const error = await failure(hangs);
      expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(error.message).toContain('0.1 s (lockFor)');
      expect(performance.now() - start).toBeGreaterThan(95);
      expect(signal?.reason).toBe(error);
      expect(await target.client.getOrSet(key, () => 'next', { lockFor: 1 })).toEqual(Buffer.from('next'));
      await sleep(200);
      expect(await target.text(key)).toBe('next');
    });

    it('a signal ends the wait of its caller only', async () => {
      const key = target.key();
      const reason = new Error('enough');
      const controller = new AbortController();
      const { signal } = controller;
      const compute = async () => {
        await sleep(50);
        return 'made';
      };
      const patient = target.client.getOrSet(key, compute);
      const aborted = failure(target.client.getOrSet(key, compute, { signal }));
      setTimeout(() => controller.abort(reason), 10);
      expect(await aborted).toBe(reason);
      expect(await patient).toEqual(Buffer.from('made'));
      expect(await failure(target.client.getOrSet(key, compute, { signal }))).toBe(reason);
    });

    it('deleted meanwhile: the outdated result is not stored', async () => {
      const key = target.key();
      const made = await target.client.getOrSet(key, async () => {
        await target.client.delete(key);
        return 'outdated';
      });
      expect(made).toEqual(Buffer.from('outdated'));
      expect(await target.text(key)).toBeNull();
    });

    it.skipIf(!target.can.cas)('set meanwhile: the newer value stays', async () => {
      const key = target.key();
      await target.client.getOrSet(key, async () => {
        await target.client.set(key, 'newer');
        return 'outdated';
      });
      expect(await target.text(key)).toBe('newer');
    });

    it('during a computation the key is a miss for every read', async () => {
      const key = target.key();
      const seen: unknown[] = [];
      await target.client.getOrSet(key, async () => {
        seen.push((await target.client.get(key)).value, (await target.client.getMulti([key])).size);
        seen.push((await target.client.getAndTouch(key, 50)).value);
        return 'made';
      });
      expect(seen).toEqual([null, 0, null]);
    });

    it('keys that differ by their bytes only are kept apart', async () => {
      if (target.protocol === 'classic') return;
      const text = `${target.key()}é`;
      const bytes = Buffer.from(text, 'latin1');
      const slow = async () => {
        await sleep(20);
        return 'text';
      };
      const found = await Promise.all([
        target.client.getOrSet(text, slow),
        target.client.getOrSet(bytes, () => 'bytes'),
      ]);
      expect(found.map(String)).toEqual(['text', 'bytes']);
    });

    it('a key of 250 bytes can be guarded', async () => {
      const key = target.key().padEnd(250, 'k');
      const compute = vi.fn(async () => {
        await sleep(20);
        return 'made';
      });
      const clients = [target.client, target.create()];
      const found = await Promise.all(
        clients.map((client) => client.getOrSet(key, compute, { expires: 9, staleFor: 9 })),
      );
      expect(found.map(String)).toEqual(['made', 'made']);
      expect(compute).toHaveBeenCalledTimes(1);
    });

    it('refuses what cannot be meant', async () => {
      const { client } = target;
      expect(await failure(client.getOrSet('k', 'v' as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      const bad = [{ expires: -1 }, { expires: 1.5 }, { staleFor: -1 }, { lockFor: 0 }, { lockFor: Number.NaN }];
      for (const options of [...bad, { signal: {} as AbortSignal }]) {
        const refused = failure(client.getOrSet('k', () => 'v', options));
        expect(await refused).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
      expect(await failure(client.getOrSet('', () => 'v'))).toMatchObject({ code: 'ERR_INVALID_KEY' });
    });
  });
});
