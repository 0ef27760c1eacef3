/** Prints what the main entry weighs, bundled and minified for Node.js, by the folders of its sources. */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const { metafile, outputFiles } = await build({
  entryPoints: ['src/index.ts'],
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  metafile: true,
  write: false,
});
const [output] = Object.values(metafile.outputs);
const [file] = outputFiles;
if (output === undefined || file === undefined) throw new Error('Nothing was built');

const folders = new Map<string, number>();
for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
  // The folder under src/, and the one in that: client, protocol/binary, …
  const folder = path.split('/').slice(1, -1).slice(0, 2).join('/') || path;
  folders.set(folder, (folders.get(folder) ?? 0) + bytesInOutput);
}

const line = (name: string, bytes: number) =>
  console.log(`${name.padEnd(24)}${(bytes / 1000).toFixed(1).padStart(7)} KB`);
for (const [folder, bytes] of [...folders].toSorted(([, a], [, b]) => b - a)) line(folder, bytes);
line('all of it', file.contents.length);
line('in gzip', gzipSync(file.contents).length);
