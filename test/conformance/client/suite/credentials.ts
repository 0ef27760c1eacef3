import { describe, expect, it } from 'vitest';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

export function describeCredentials(target: Target): void {
  describe('credentials', () => {
    const wrong: [what: string, credentials: { username?: string; password?: string }][] = [
      ['a wrong password', { password: 'secret-but-wrong' }],
      ['a wrong user', { username: 'nobody' }],
      ['neither user nor password', { username: '', password: '' }],
    ];

    it.each(wrong)('%s: every command fails with ERR_AUTH at once', async (_what, credentials) => {
      const { username, password } = target.description.options ?? {};
      // A server that asks for none takes any.
      const client = target.create({ timeout: 5, ...credentials });
      if (username === undefined || password === undefined) {
        expect(await client.get(target.key())).toEqual({ value: null, flags: null });
        return;
      }
      const start = performance.now();
      const failures = await Promise.all(
        [
          client.get(target.key()),
          client.set(target.key(), 'v'),
          client.increment(target.key(), 1),
          client.stats(),
        ].map(failure),
      );
      const [error] = await called((done) => client.get(target.key(), done));
      expect(performance.now() - start).toBeLessThan(1000);
      for (const each of [...failures, error as Error]) {
        expect(each).toMatchObject({ name: 'MemcacheError', code: 'ERR_AUTH', server: target.name });
        expect(`${each.message} ${JSON.stringify(each)}`).not.toContain('secret');
      }
      expect(target.log.join()).not.toContain('secret');
      const results = await client.flush();
      expect(results[target.name]).toMatchObject({ code: 'ERR_AUTH' });
    });

    it('in the address do as well as in the options', async () => {
      const { username, password } = target.description.options ?? {};
      const login = username === undefined ? '' : `${username}:${password}@`;
      const client = target.create({ username: 'nobody', password: 'x' }, `${login}${target.name}`);
      const key = target.key();
      expect(await client.set(key, 'value')).toBe(true);
      expect(await target.text(key)).toBe('value');
    });
  });
}
