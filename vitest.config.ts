import { configDefaults, defineConfig } from 'vitest/config';

const PACKED = ['test/memjs/**/*.test.ts', 'test/package/**/*.test.ts', 'test/types/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    watch: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/dist/**', ...PACKED],
          testTimeout: 15_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Compilers and package managers at work would upset the tests that measure times, so these come after them.
        extends: true,
        test: {
          name: 'package',
          include: PACKED,
          exclude: [...configDefaults.exclude, '**/dist/**'],
          globalSetup: 'test/package/global-setup.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
