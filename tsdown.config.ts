import { defineConfig, type Rolldown, type UserConfig } from 'tsdown';

/** What every build of ours is. Without maps: the code is not minified, and its names are those of the sources. */
const common: UserConfig = {
  platform: 'node',
  target: 'node20',
  sourcemap: false,
  hash: false,
};

/** The package's entries, each under its path. */
const ENTRIES = {
  index: 'src/index.ts',
  serializers: 'src/serializers/foreign/index.ts',
  'memory-server': 'src/memory-server/index.ts',
  keyv: 'src/adapters/keyv.ts',
  'keyv-create': 'src/adapters/keyv-create.ts',
  session: 'src/adapters/session.ts',
  unstorage: 'src/adapters/unstorage.ts',
  opentelemetry: 'src/adapters/opentelemetry.ts',
};

/**
 * What the entries are made of, so that a program has one copy of each part, whichever entries it loads. A bundler
 * leaves out the parts that it takes nothing from, which it can't do with pieces of one file wherever something happens
 * at the top.
 */
const PARTS = [
  { name: 'parts/errors', test: /src\/errors\.ts$/ },
  // Whatever else stands beside the folders, but for what is made of the client.
  { name: 'parts/base', test: /src\/(?!index|memjs)[\w-]+\.ts$/ },
  { name: 'parts/protocol', test: /src\/protocol\// },
  { name: 'parts/values', test: /src\/serializers\/(?!foreign)/ },
  { name: 'parts/client', test: /src\/(client|cluster|connection)\// },
  { name: 'parts/adapters', test: /src\/adapters\/shared\// },
];

/** Whether a module is no entry: its declarations are in the part that all entries share. */
const isShared = (id: string): boolean =>
  !Object.values(ENTRIES).some((entry) => id.replace(/\.d\.ts$/, '.ts').endsWith(`/${entry}`));

/** The main entry declares nothing itself, and is imported by others: that makes a file with nothing in it. */
const withoutEmptyFiles: Rolldown.Plugin = {
  name: 'without-empty-files',
  generateBundle(_options, files) {
    for (const [name, file] of Object.entries(files)) {
      if (file.type === 'chunk' && /^export \{ *\};?$/.test(file.code.trim())) delete files[name];
    }
  },
};

export default defineConfig([
  {
    ...common,
    entry: ENTRIES,
    format: ['esm', 'cjs'],
    dts: false,
    clean: true,
    inputOptions: { preserveEntrySignatures: 'allow-extension' },
    outputOptions: {
      // What programs are to read stands in the declarations.
      comments: { legal: true, annotation: true, jsdoc: false },
      codeSplitting: { groups: PARTS, includeDependenciesRecursively: false },
      exports: 'named',
    },
  },
  // By themselves, since the parts of programs are none of declarations.
  ...['.d.mts', '.d.cts'].map(
    (dts): UserConfig => ({
      ...common,
      entry: ENTRIES,
      format: 'esm',
      dts: { emitDtsOnly: true },
      outExtensions: () => ({ dts }),
      plugins: [withoutEmptyFiles],
      outputOptions: {
        codeSplitting: { groups: [{ name: 'parts/types.d', test: isShared }], includeDependenciesRecursively: false },
      },
      inputOptions: { preserveEntrySignatures: 'allow-extension' },
      clean: false,
    }),
  ),
  // The command line: a package of its own, with the client and its server inside.
  {
    ...common,
    cwd: 'cli',
    entry: { main: 'src/main.ts' },
    tsconfig: '../tsconfig.json',
    format: 'esm',
    dts: false,
    clean: true,
    outputOptions: { comments: { legal: true, annotation: true, jsdoc: false } },
  },
]);
