import { defineConfig } from 'vitest/config';
import { NEWEST_SUBJECTS, SUBJECTS } from './test/support/subject.ts';

/** What runs against every memcached; each of the files starts its servers by `startMemcached()`. */
const SUITES = [
  'test/conformance/client/*.test.ts',
  'test/conformance/negotiation/{found,remembered}.test.ts',
  'test/conformance/{get-or-set,get-or-set-failures,get-or-set-mixed,get-or-set-multi,get-or-set-options,get-or-set-writes,update,keys,tls}.test.ts',
  'test/conformance/many/*.test.ts',
  'test/security/{smuggling,words}.test.ts',
  'test/cli/{listing,items,dump-load}.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    watch: false,
    maxWorkers: 3,
    // Several servers are at work at once.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      ...SUBJECTS.map(({ name }) => {
        // The flags of older versions change what the newest one's do: that they do is enough to know.
        const whole = NEWEST_SUBJECTS.includes(name);
        return {
          extends: true as const,
          test: {
            name,
            include: whole ? SUITES : ['test/servers/compact.test.ts'],
            env: { MEMTS_SUBJECT: name, MEMTS_COMPACT: whole ? '' : '1' },
          },
        };
      }),
      {
        extends: true as const,
        // It starts all versions itself, over TLS and with logins.
        test: {
          name: 'command line',
          include: ['test/cli/everywhere.test.ts'],
          env: { MEMTS_EVERY_VERSION: '1' },
          // It waits for many processes.
          testTimeout: 120_000,
        },
      },
    ],
  },
});
