import { basename, dirname, join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import webpack from 'webpack';

/** One bundle: what is made of which file, and what is left out of it. */
export interface Bundle {
  file: string;
  outfile: string;
  format: 'esm' | 'cjs';
  /** Packages that stay beside the bundle. */
  external: readonly string[];
}

/** Resolves when the bundle is made; rejects with what the bundler says against it. */
export type Bundler = (bundle: Bundle) => Promise<void>;

/** Hosts of CommonJS ask for Node.js's modules by `require`, which an ES module of esbuild's does not have by itself. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function withEsbuild({ file, outfile, format, external }: Bundle): Promise<void> {
  await esbuild({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format,
    external: [...external],
    banner: { js: format === 'esm' ? REQUIRE : '' },
    logLevel: 'silent',
  });
}

async function withWebpack({ file, outfile, format, external }: Bundle): Promise<void> {
  const compiler = webpack({
    mode: 'production',
    context: dirname(file),
    entry: file,
    target: 'node20',
    devtool: false,
    output: {
      path: dirname(outfile),
      filename: basename(outfile),
      ...(format === 'esm' ? { module: true, library: { type: 'module' }, chunkFormat: 'module' } : {}),
    },
    experiments: { outputModule: format === 'esm' },
    optimization: { minimize: false },
    externals: external.map((name) => ({ [name]: format === 'esm' ? `module ${name}` : `commonjs ${name}` })),
  });
  await new Promise<void>((resolve, reject) => {
    compiler?.run((error, stats) => {
      compiler.close(() => {});
      const errors = stats?.compilation.errors ?? [];
      if (error) reject(error);
      else if (errors.length > 0) reject(new AggregateError(errors, errors.map(String).join('\n')));
      else resolve();
    });
  });
}

async function withVite({ file, outfile, format, external }: Bundle): Promise<void> {
  await vite({
    root: dirname(file),
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: [...external] },
    build: {
      ssr: file,
      outDir: dirname(outfile),
      emptyOutDir: false,
      minify: false,
      target: 'node20',
      rolldownOptions: { output: { format, entryFileNames: basename(outfile), codeSplitting: false } },
    },
  });
}

export const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: withEsbuild,
  webpack: withWebpack,
  'Vite SSR': withVite,
};

/** Where a bundle with these choices goes. */
export function outfileOf(folder: string, parts: readonly string[], format: 'esm' | 'cjs'): string {
  const name = parts.join('-').replaceAll(/\W+/g, '-').toLowerCase();
  return join(folder, `${name}.${format === 'esm' ? 'mjs' : 'cjs'}`);
}
