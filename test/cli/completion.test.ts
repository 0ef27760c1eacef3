import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../support/leftovers.ts';
import { findProgram } from '../support/programs.ts';
import { environment, memts, PATIENCE, program } from './support/memts.ts';

const BASH = findProgram('bash');
const folder = makeFolder();
const script = join(folder, 'script.bash');

beforeAll(async () => {
  writeFileSync(script, (await memts(['completion', 'bash'])).stdout);
}, PATIENCE);

/** What bash would offer behind a line; `files` where it is left to bash itself. */
async function offered(line: string): Promise<string[]> {
  // No start-up files and no package for completion; and the script is there twice, as when a profile is read again.
  const text = `memts() { '${process.execPath}' '${await program()}' "$@"; }
    compopt() { only=1; }
    source '${script}'; source '${script}'
    COMP_LINE=$1 COMP_POINT=\${#1}
    __memts_complete
    (( \${#COMPREPLY[@]} )) || [[ $only ]] || COMPREPLY=(files)
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--noprofile', '--norc', '-c', text, 'bash', line];
  const answer = execFileSync(BASH ?? 'bash', args, { env: environment({}), encoding: 'utf8', cwd: folder });
  return answer.split('\n').filter(Boolean);
}

describe.skipIf(!BASH)('completion in bash', { timeout: PATIENCE }, () => {
  it.each([
    ['memts pre', ['prepend']],
    ['memts --servers a:11211 ge', ['get']],
    ['memts stats s', ['settings', 'slabs', 'sizes']],
    ['memts stats ', ['settings', 'items', 'slabs', 'sizes', 'conns']],
    ['memts get --protocol b', ['binary']],
    ['memts get --distribution=m', ['modulo']],
    ['memts load --no', ['--no-clobber']],
    ['memts help st', ['stats']],
    ['memts get ', []],
    ['memts load d', ['files']],
    ['memts set key --file ', ['files']],
    ['memts --tls-ca ', ['files']],
    ['memts dump --servers ', []],
  ])('%s', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  it('runs nothing of what was typed', async () => {
    await offered('memts get $(touch run) --pro');
    expect(existsSync(join(folder, 'run'))).toBe(false);
  });
});
