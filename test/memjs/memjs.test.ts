/**
 * MemJS 1.3.2's own test files, unchanged, against the built package. Each test has to run exactly as many asserts as it
 * does against MemJS itself, so that none can pass by a callback that never comes.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { requireBuild } from '../support/built.ts';
import { loadTests, MEMJS_ITSELF, OURS } from './support/layout.ts';
import { type Report, runTest } from './support/tap.ts';

const COUNTS = { 'client_test.js': 35, 'header_test.js': 3, 'utils_test.js': 4 } as const;
type File = keyof typeof COUNTS;
const FILES = Object.keys(COUNTS) as File[];

/** Those of `server_test.js` that concern the contract; the others are about fields and methods inside MemJS's server. */
const OF_THE_CONTRACT = ['SetSaslCredentials', 'ResponseCallbackOrdering'];
const INTERNAL = ['AuthListMechanisms', 'ResponseHandler with authentication error', 'Authenticate'];

requireBuild();
vi.spyOn(console, 'log').mockReturnValue();
const ours = loadTests(OURS, [...FILES, 'server_test.js']);
const theirs = loadTests(MEMJS_ITSELF, [...FILES, 'server_test.js']);
const ranAndPassed: string[] = [];
let references: Record<string, Report[]>;

beforeAll(async () => {
  const entries = Object.entries(theirs).map(async ([file, tests]) => [file, await Promise.all(tests.map(runTest))]);
  references = Object.fromEntries(await Promise.all(entries));
});

describe.each(FILES)('%s', (file) => {
  it(`holds ${COUNTS[file]} tests`, () => expect(ours[file]).toHaveLength(COUNTS[file]));

  for (const [index, test] of ours[file].entries()) {
    it(test.name, async () => {
      await compare(file, index);
      ranAndPassed.push(`${file} ${index}`);
    });
  }
});

it('has run and passed 42 tests', () => {
  expect(new Set(ranAndPassed).size).toBe(42);
  expect(ranAndPassed).toHaveLength(42);
});

describe('server_test.js', () => {
  it('holds five tests, of which two concern the contract', () => {
    const names = ours['server_test.js'].map(({ name }) => name);
    expect(names.toSorted()).toEqual([...OF_THE_CONTRACT, ...INTERNAL].toSorted());
  });

  for (const [index, test] of ours['server_test.js'].entries()) {
    if (OF_THE_CONTRACT.includes(test.name)) it(test.name, () => compare('server_test.js', index));
  }
});

async function compare(file: keyof typeof ours, index: number): Promise<void> {
  const reference = references[file]?.[index];
  const test = ours[file][index];
  if (test === undefined || reference === undefined) throw new Error('there is no such test');
  expect(reference.failures, 'MemJS itself').toEqual([]);
  const report = await runTest(test);
  expect(report.failures).toEqual([]);
  expect(report.asserts, 'asserts run').toBe(reference.asserts);
}
