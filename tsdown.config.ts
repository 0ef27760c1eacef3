import { defineConfig, type UserConfig } from 'tsdown';

const common: UserConfig = {
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: true,
  sourcemap: true,
  hash: false,
};

/**
 * The files that the main entry is made of. A bundler leaves out those that a program takes nothing from, which it can't
 * do with parts of one file wherever something happens at the top.
 */
const PARTS = {
  groups: [
    { name: 'errors', test: /src\/errors\.ts$/ },
    { name: 'serializers', test: /src\/serializers\// },
    { name: 'client', test: /src\/(clock\.ts$|(client|cluster|connection|protocol)\/)/ },
  ],
};

/**
 * An adapter asks for the client by the package's own name, so that a program has one copy of it, whichever entries it
 * loads.
 */
const clientOutside = {
  name: 'client-outside',
  resolveId: (source: string) => (source === '../index.ts' ? { id: 'memts', external: true } : undefined),
};

const adapter: UserConfig = {
  ...common,
  clean: false,
  // Not as `plugins`, which are left out where the types for CommonJS are made.
  inputOptions: (options) => ({ ...options, plugins: [clientOutside, options.plugins] }),
};

// Each entry is built by itself, so that none loads what only another needs.
export default defineConfig([
  { ...common, entry: { index: 'src/index.ts' }, dts: false, outputOptions: { codeSplitting: PARTS }, clean: true },
  // Types in one file: parts of their own would have the names of the programs' parts.
  { ...common, entry: { index: 'src/index.ts' }, dts: { emitDtsOnly: true }, clean: false },
  { ...common, entry: { 'memory-server': 'src/memory-server/index.ts' }, clean: false },
  { ...adapter, entry: { keyv: 'src/keyv/index.ts' } },
  { ...adapter, entry: { opentelemetry: 'src/opentelemetry/index.ts' } },
  { ...adapter, entry: { session: 'src/session/index.ts' } },
  { ...adapter, entry: { unstorage: 'src/unstorage/index.ts' } },
  // The command line: a package of its own, with the client and its server inside.
  {
    cwd: 'cli',
    entry: { main: 'src/main.ts' },
    tsconfig: '../tsconfig.json',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    sourcemap: true,
    hash: false,
    clean: true,
  },
]);
