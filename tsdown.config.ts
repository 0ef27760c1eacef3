import { defineConfig, type Rolldown, type UserConfig } from 'tsdown';
import { lazyParts } from './scripts/lazy-parts.ts';

/** What every build of ours is. Without maps: the names of functions, which stacks show, are those of the sources. */
const common: UserConfig = {
  platform: 'node',
  target: 'node20',
  sourcemap: false,
  hash: false,
  // Shorter, and more so where a bundler makes programs small.
  define: {
    'Number.POSITIVE_INFINITY': 'Infinity',
    'Number.NEGATIVE_INFINITY': '-Infinity',
    'Number.MAX_SAFE_INTEGER': `${Number.MAX_SAFE_INTEGER}`,
  },
};

/** The package's entries, each under its path. */
const ENTRIES = {
  index: 'src/index.ts',
  serializers: 'src/serializers/foreign/index.ts',
  cache: 'src/cache/index.ts',
  'memory-server': 'src/memory-server/index.ts',
  keyv: 'src/adapters/keyv.ts',
  'keyv-create': 'src/adapters/keyv-create.ts',
  memcached: 'src/adapters/memcached/memcached.ts',
  next: 'src/adapters/next/next.ts',
  'next-remote': 'src/adapters/next/remote.ts',
  'next-handler': 'src/adapters/next/handler.ts',
  'rate-limit': 'src/rate-limit/index.ts',
  session: 'src/adapters/session.ts',
  unstorage: 'src/adapters/unstorage.ts',
  opentelemetry: 'src/adapters/opentelemetry.ts',
};

const ERRORS = /src\/errors\.ts$/;
/** Whatever stands beside the folders, but for what is made of the client. */
const BASE = /src\/(?!index|memjs|errors)[\w-]+\.ts$/;
const CLIENT = /src\/(client|cluster|connection)\//;
const PROTOCOL = /src\/protocol\//;
const VALUES = /src\/serializers\/(?!foreign)/;
/** But for the entry itself, and what only `memts/next` is made of. */
const CACHE = /src\/cache\/(?!index|leases|journal)/;
const ADAPTERS = /src\/adapters\/shared\//;

/**
 * What the entries are made of, so that a program has one copy of each part, whichever entries it loads. A bundler
 * leaves out the parts that it takes nothing from, which it can't do with pieces of one file wherever something happens
 * at the top.
 */
const PARTS = [
  { name: 'parts/errors', test: ERRORS },
  { name: 'parts/base', test: BASE },
  { name: 'parts/protocol', test: PROTOCOL },
  { name: 'parts/values', test: VALUES },
  { name: 'parts/client', test: CLIENT },
  { name: 'parts/cache', test: CACHE },
  { name: 'parts/adapters', test: ADAPTERS },
];

/** What CommonJS loads when it is first used: a program opens its connections later, and needs some of these never. */
const LAZY_PARTS_OF_COMMONJS = [
  {
    name: 'parts/connection',
    test: /src\/(connection\/(?!frame-|telemetry|transport|connection-options)|protocol\/(input-memory|assembler|value-pool))/,
  },
  { name: 'parts/text', test: /src\/protocol\/(text|meta|classic)\// },
  { name: 'parts/binary', test: /src\/(protocol\/binary\/(encode|decode|index)|connection\/transport)\.ts$/ },
  {
    name: 'parts/cluster',
    test: /src\/cluster\/(discovery|distribution\/(ketama|md5|rendezvous)|repair\/(?!repair-reports))/,
  },
  { name: 'parts/get-or-set', test: /src\/client\/get-or-set\/(?!format)/ },
  { name: 'parts/values', test: /src\/serializers\/(?!foreign|serializer\.ts)/ },
];

/** Fewer, as each file takes its time to find, and bundlers leave nothing out of CommonJS. */
const PARTS_OF_COMMONJS = [
  ...LAZY_PARTS_OF_COMMONJS,
  {
    name: 'parts/client',
    test: (id: string) => [ERRORS, BASE, CLIENT, PROTOCOL, VALUES].some((part) => part.test(id)),
  },
  { name: 'parts/cache', test: CACHE },
  { name: 'parts/adapters', test: ADAPTERS },
];

/** What several commands share, by what is loaded together: each file takes its time to find. */
const PARTS_OF_CLI = [
  {
    name: 'base',
    test: /src\/(errors|exit|hints|interruption|layouts|load-builtin|output|parsers|percent|within)\.ts$/,
  },
  {
    name: 'client',
    test: (id: string) => [CLIENT, PROTOCOL, /cli\/src\/connection\.ts$/].some((part) => part.test(id)),
  },
  { name: 'dumps', test: /cli\/src\/(dump\/(batches|files|item)|progress)\.ts$/ },
  { name: 'screen', test: /cli\/src\/screen\/(screen|table-view)\.ts$/ },
  { name: 'tables', test: /cli\/src\/(colors|fit|table|units|screen\/columns)\.ts$/ },
  { name: 'text', test: /cli\/src\/(metadump|text-session)\.ts$/ },
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

/** Keeps the names of the sources between what was made of them, for the profiles of the benchmark. */
const NAMED_SOURCES = process.env.MEMTS_NAMED_SOURCES === '1';

/**
 * Less to read when a program starts, with the names and lines that stacks and uncaught errors show. Sources have no
 * tabs, so that those at the start of a line are none of a text. One character beyond ASCII, in the text of an error,
 * would make Node.js keep and read the whole file in twice the memory; all of them are in strings, which can escape them.
 */
const compact: Rolldown.Plugin = {
  name: 'compact',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      const code = NAMED_SOURCES ? file.code : file.code.replaceAll(/^\/\/#(?:end)?region.*\n/gm, '');
      file.code = code.replaceAll(/^\t+/gm, '').replaceAll(/[^\0-\x7f]/g, escaped);
    }
  },
};

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const LOADER = /\/src\/load-builtin\.ts$/;
const DEFAULT_IMPORT = /^import (\w+) from ('node:[\w/]+');$/gm;

/**
 * CommonJS has a `require` of its own, and need not load `node:module` for one; and a module of Node.js is what its
 * default export is, so there is nothing to copy.
 */
const ownRequire: Rolldown.Plugin = {
  name: 'own-require',
  transform: (code, id) =>
    LOADER.test(id)
      ? 'export const loadBuiltin = require;'
      : code.replaceAll(DEFAULT_IMPORT, 'const $1 = require($2);'),
};

/** What `require` gives of the API of `memcached` is the class, as of that package; its types say so. */
const classAsModule = (entry: string): Rolldown.Plugin => ({
  name: 'class-as-module',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      if (file.fileName === `${entry}.cjs`) file.code += '\nmodule.exports = Object.assign(Memcached, exports);\n';
      if (file.fileName === `${entry}.d.cts`) {
        file.code = file.code.replace(/^export \{ Memcached, Memcached as default \};/m, 'export = Memcached;');
      }
    }
  },
});

/** Short names of variables are a tenth of what there is to read; functions and classes keep theirs, for stacks. */
const SHORT_NAMES: UserConfig['minify'] = {
  compress: false,
  codegen: { removeWhitespace: false },
  mangle: { keepNames: true },
};

/** The library as programs load it. What they are to read stands in the declarations. */
const library: UserConfig = {
  ...common,
  entry: ENTRIES,
  dts: false,
  plugins: [compact],
  inputOptions: { preserveEntrySignatures: 'allow-extension' },
};

const ALIAS: UserConfig = {
  cwd: 'memcached',
  entry: { index: '../src/adapters/memcached/memcached.ts' },
  tsconfig: '../tsconfig.json',
};

/** `/* @__PURE__ *\/` is for bundlers. */
const comments = { legal: true, annotation: true, jsdoc: false };

export default defineConfig([
  {
    ...library,
    format: 'esm',
    clean: true,
    outputOptions: { comments, codeSplitting: { groups: PARTS, includeDependenciesRecursively: false } },
  },
  {
    ...library,
    format: 'cjs',
    clean: false,
    minify: SHORT_NAMES,
    plugins: [
      lazyParts({ home: 'parts/client', lazy: LAZY_PARTS_OF_COMMONJS.map(({ name }) => name) }),
      compact,
      ownRequire,
      classAsModule('memcached'),
    ],
    outputOptions: {
      comments,
      minifyInternalExports: false,
      codeSplitting: { groups: PARTS_OF_COMMONJS, includeDependenciesRecursively: false },
      exports: 'named',
      // As the sources are, being ES modules.
      strict: true,
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
      plugins: [withoutEmptyFiles, classAsModule('memcached')],
      outputOptions: {
        codeSplitting: { groups: [{ name: 'parts/types.d', test: isShared }], includeDependenciesRecursively: false },
      },
      inputOptions: { preserveEntrySignatures: 'allow-extension' },
      clean: false,
    }),
  ),
  // The API of `memcached` as a package of its own, with the client inside.
  {
    ...common,
    ...ALIAS,
    format: 'cjs',
    dts: false,
    clean: true,
    plugins: [compact, ownRequire, classAsModule('index')],
    outputOptions: { comments, exports: 'named', strict: true },
  },
  {
    ...common,
    ...ALIAS,
    format: 'esm',
    dts: { emitDtsOnly: true },
    outExtensions: () => ({ dts: '.d.cts' }),
    plugins: [classAsModule('index')],
    clean: false,
  },
  // The command line: a package of its own, with the client and its server inside.
  {
    ...common,
    cwd: 'cli',
    entry: { main: 'src/main.ts' },
    tsconfig: '../tsconfig.json',
    format: 'esm',
    dts: false,
    clean: true,
    minify: SHORT_NAMES,
    plugins: [compact],
    outputOptions: { comments, codeSplitting: { groups: PARTS_OF_CLI, includeDependenciesRecursively: false } },
  },
]);
