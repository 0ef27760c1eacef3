import { defineConfig, type UserConfig } from 'tsdown';

const common: UserConfig = {
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: true,
  sourcemap: true,
};

// Each entry is built by itself, so that none loads what only another needs.
export default defineConfig([
  { ...common, entry: { index: 'src/index.ts' }, clean: true },
  { ...common, entry: { 'memory-server': 'src/memory-server/index.ts' }, clean: false },
]);
