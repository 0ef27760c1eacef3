import { defineConfig } from 'vitest/config';

/** The documentation site in Chromium: `npm run test:site`, which builds it before. */
export default defineConfig({
  test: { include: ['test/site/**/*.test.ts'], watch: false, pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 },
});
