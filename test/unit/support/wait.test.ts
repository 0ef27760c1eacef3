import { expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { eventually } from '../../support/wait.ts';

it('tries until it works, or the time is up', async () => {
  let tries = 0;
  const third = () => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return tries < 3 ? false : 'done';
  };
  expect(await eventually(third)).toBe('done');
  expect(tries).toBe(3);
  await expect(eventually(() => Promise.reject(new Error('never')), { timeout: 30 })).rejects.toThrow('never');
  await expect(eventually(() => false, { timeout: 30 })).rejects.toThrow('still false');
});

it('hands out no port twice', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
});
