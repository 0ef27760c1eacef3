import { inspect } from 'node:util';
import { sleep } from '../../support/wait.ts';

/** What MemJS's tests use of tap's `t`. */
export interface TapTest {
  equal(found: unknown, wanted: unknown, message?: string): void;
  notEqual(found: unknown, wanted: unknown, message?: string): void;
  ok(value: unknown, message?: string): void;
  end(): void;
}

export interface Collected {
  name: string;
  run(t: TapTest): unknown;
}

/** How one test went. */
export interface Report {
  asserts: number;
  failures: string[];
}

/** How long a test may take until its promise settles or it calls `t.end()`, in milliseconds. */
const PATIENCE = 5000;

/** Long enough for a response that comes twice, or after the end, to be seen. */
const AFTERMATH = 50;

/**
 * Runs a test as tap does: until the promise that it returns settles or, without one, until `t.end()`. An assert that
 * fails does not throw, since what it throws could be caught on its way; it is reported. So is an end that never comes.
 */
export async function runTest({ run }: Collected): Promise<Report> {
  const report: Report = { asserts: 0, failures: [] };
  const check = (passed: boolean, what: string): void => {
    report.asserts += 1;
    if (!passed) report.failures.push(`assert ${report.asserts}: ${what}`);
  };
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const t: TapTest = {
    equal: (found, wanted, message = '') => check(found === wanted, `${show(found)} === ${show(wanted)} ${message}`),
    notEqual: (found, wanted, message = '') => check(found !== wanted, `${show(found)} !== ${show(wanted)} ${message}`),
    ok: (value, message = '') => check(Boolean(value), `${show(value)} is true ${message}`),
    end,
  };
  const returned = run(t);
  await within(returned instanceof Promise ? returned : ended, report);
  await sleep(AFTERMATH);
  if (report.asserts === 0) report.failures.push('no assert was run');
  return report;
}

async function within(end: Promise<unknown>, report: Report): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      report.failures.push(`no end within ${PATIENCE} ms`);
      resolve();
    }, PATIENCE);
  });
  await Promise.race([end, timeout]).catch((error) => {
    report.failures.push(`the promise rejected: ${error}`);
  });
  clearTimeout(timer);
}

function show(value: unknown): string {
  return inspect(value, { depth: 0 });
}
