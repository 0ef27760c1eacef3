import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/built.ts';

/** Ways to time and to clocks that lint does not see, since they are no globals. */
const OTHER_WAYS =
  /\bprocess\.(nextTick|hrtime|uptime)\b(?! ===)|\bDate\.now\b|\bnew Date\(\)|\bglobalThis\.|'(node:)?(timers|timers\/promises|perf_hooks)'/;

/** Comments may speak of them. */
const withoutComments = (text: string): string => text.replaceAll(/\/\*.*?\*\/|\/\/.*$/gms, '');

test('no source takes a timer, a tick or a clock from anywhere but clock.ts', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(100);
  const offenders = files
    .filter((name) => name !== 'clock.ts')
    .filter((name) => OTHER_WAYS.test(withoutComments(readFileSync(join(ROOT, 'src', name), 'utf8'))));
  expect(offenders).toEqual([]);
});
