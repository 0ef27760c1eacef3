import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { run } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'memts-workspaces-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Packed {
  filename: string;
  files: { path: string }[];
}

async function pack(workspace: string): Promise<Packed> {
  const args = ['pack', '--workspace', workspace, '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, ROOT);
  const [packed] = JSON.parse(stdout) as Packed[];
  return packed as Packed;
}

describe.each(['memts-memcached', 'memts-cli'])('the package %s', (workspace) => {
  it('has what it needs, and nothing for publint to say', async () => {
    const { filename, files } = await pack(workspace);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const bytes = readFileSync(join(folder, filename));
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages } = await publint({ strict: true, pack: { tarball } });
    expect(messages).toEqual([]);
  });
});

it('the package memts-memcached has nothing for attw to say', async () => {
  const { filename } = await pack('memts-memcached');
  const program = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  // `config` is a static property of the class, there as with `memcached`, which no import can name.
  const ignored = ['--ignore-rules', 'named-exports'];
  const args = [program, join(folder, filename), '--no-definitely-typed', ...ignored, '--format', 'json'];
  const { stdout } = await run(process.execPath, args, ROOT);
  expect(JSON.parse(stdout).analysis.types).toEqual({ kind: 'included' });
});
