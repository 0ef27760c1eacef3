import { expect, test } from 'vitest';
import { Silence } from '../../../src/connection/silence.ts';
import { eventually, sleep } from '../../support/wait.ts';

/** In milliseconds. */
const TIMEOUT = 40;

function silence(failFast: number | false): { silence: Silence; enough: () => number } {
  let enough = 0;
  const made = new Silence({ failFast, timeout: TIMEOUT / 1000 }, () => enough++);
  return { silence: made, enough: () => enough };
}

/** Keeps the process from everything else. */
function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

test('attempts that time out make a server suspect after twice the timeout, not before', async () => {
  const { silence: one } = silence(2);
  for (let i = 0; i < 3; i++) one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  expect(one.suspected).toBe(false);
  expect(one.isGrowing).toBe(true);
  const start = performance.now();
  // On a busy machine it takes longer, since only time in which the process was at work counts.
  await eventually(() => one.suspected);
  expect(performance.now() - start).toBeGreaterThan(TIMEOUT - 10);
  expect(one.story).toMatch(/^it has never sent anything, not on a new connection either, and 3 commands timed out$/);
  one.reset();
});

test('too few attempts do not, and one that comes late does', async () => {
  const { silence: one, enough } = silence(2);
  one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  await eventually(() => !one.isGrowing);
  expect(one.suspected).toBe(false);
  expect(enough()).toBe(1);
  one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  expect(one.suspected).toBe(true);
  expect(enough()).toBe(2);
});

test('a byte ends it, and what was sent before the byte does not count', async () => {
  const { silence: one } = silence(1);
  one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  one.heardAt = performance.now();
  one.reset();
  one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  await sleep(TIMEOUT * 3);
  expect(one.attempts).toBe(0);
  expect(one.suspected).toBe(false);
});

test('time in which the process did nothing else does not count', async () => {
  const { silence: one } = silence(1);
  one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  block(TIMEOUT * 5);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(one.suspected).toBe(false);
  expect(one.isGrowing).toBe(true);
  one.reset();
});

test("a command's own timeout shortens nothing", async () => {
  const { silence: one } = silence(3);
  for (let i = 0; i < 10; i++) one.timedOut(performance.now() - 1, 1);
  await sleep(TIMEOUT * 1.2);
  expect(one.suspected).toBe(false);
  one.reset();
});

test('false: never', async () => {
  const { silence: one } = silence(false);
  for (let i = 0; i < 10; i++) one.timedOut(performance.now() - TIMEOUT, TIMEOUT);
  expect(one.isGrowing).toBe(false);
  expect(one.attempts).toBe(0);
});
