import { expect, it } from 'vitest';
import { OpenCalls } from '../../../src/client/open-calls.ts';

const never = new Promise<never>(() => {});

it('what the caller does is waited for as long as it takes, but by quit() for so long at most', async () => {
  const calls = new OpenCalls();
  const begun = calls.begin((call) => call.wait(never, 20));
  const refused = expect(begun).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  const start = performance.now();
  await calls.leave();
  expect(performance.now() - start).toBeGreaterThanOrEqual(18);
  await refused;
});

it('close() ends that wait at once, and leaves no timer', async () => {
  const calls = new OpenCalls();
  let waited: Promise<never> | undefined;
  const begun = calls.begin((call) => {
    waited = call.wait(never, 60_000);
    return waited;
  });
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  calls.close();
  await expect(begun).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await expect(waited).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
});

it('what comes in time is the result', async () => {
  const calls = new OpenCalls();
  const begun = calls.begin((call) => call.wait(new Promise((resolve) => setTimeout(resolve, 5, 'done')), 20_000));
  await calls.leave();
  expect(await begun).toBe('done');
});
