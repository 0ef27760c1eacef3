import { configDefaults, defineConfig } from 'vitest/config';
import { NEWEST_SUBJECTS } from './test/support/subject.ts';

/**
 * Tests that measure times, and mostly wait: no compilers and no heavy tests beside them. Each file has a process of its own,
 * which those need, too, that listen to what the whole process tells.
 */
const TIMED = [
  'test/faults/**/*.test.ts',
  'test/security/hostile-server.test.ts',
  'test/conformance/connections.test.ts',
  'test/conformance/stampede/**/*.test.ts',
  'test/unit/connection/**/*.test.ts',
  'test/unit/cluster/**/*.test.ts',
  'test/telemetry/**/*.test.ts',
];
/** Tests of the build: compilers and package managers at work would upset the others. */
const PACKED = ['bundlers', 'memjs', 'package', 'runtimes', 'types'].map((folder) => `test/${folder}/**/*.test.ts`);

/** The suites over every kind of memcached, in short; in full with `npm run test:servers`. */
const COMPACT = 'test/servers/compact.test.ts';

// The site has a configuration of its own, vitest.site.config.ts.
const NEVER = [...configDefaults.exclude, '**/dist/**', 'test/site/**'];

export default defineConfig({
  test: {
    pool: 'forks',
    runner: './test/support/runner.ts',
    watch: false,
    reporters: ['default', './test/support/missing-versions.ts'],
    projects: [
      ...NEWEST_SUBJECTS.map((name) => ({
        extends: true as const,
        test: {
          name: `memcached ${name}`,
          include: [COMPACT],
          env: { MEMTS_SUBJECT: name, MEMTS_COMPACT: '1' },
          testTimeout: 15_000,
          hookTimeout: 20_000,
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      })),
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.ts'],
          exclude: [...NEVER, ...TIMED, ...PACKED, COMPACT],
          // Loading the sources again for each file took a third of the time.
          isolate: false,
          testTimeout: 15_000,
          hookTimeout: 20_000,
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          exclude: NEVER,
          testTimeout: 15_000,
          hookTimeout: 20_000,
          // They wait more than they compute.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: PACKED,
          exclude: NEVER,
          globalSetup: 'test/package/global-setup.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
