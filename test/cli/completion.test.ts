import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../support/leftovers.ts';
import { findProgram } from '../support/programs.ts';
import { environment, memts, PATIENCE, program } from './support/memts.ts';

const BASH = findProgram('bash');
const ZSH = findProgram('zsh');
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

/** What a zsh in a terminal of its own lists behind a line, once that shows `last`. */
async function listed(line: string, last: string): Promise<string> {
  writeFileSync(join(folder, 'script.zsh'), (await memts(['completion', 'zsh'])).stdout);
  const setUp = `PS1='> '; autoload -Uz compinit; compinit -u -D; memts() { '${process.execPath}' '${await program()}' "$@" }; source script.zsh; print re''ady`;
  writeFileSync(
    join(folder, 'ask.zsh'),
    `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell ${JSON.stringify(setUp).replaceAll('$', '\\$')}
zpty -r shell out '*ready*> *'
zpty -w -n shell $'${line}\t'
zpty -r shell out $'*${last}*'
sleep 0.3
while zpty -r -t shell more; do out+=$more; done
zpty -d shell
print -r -- $out`,
  );
  const env = { ...environment({}), TERM: 'xterm', COLUMNS: '200' };
  const answer = execFileSync(ZSH ?? 'zsh', ['-f', 'ask.zsh'], { env, encoding: 'utf8', cwd: folder, timeout: 60_000 });
  return stripVTControlCharacters(answer);
}

describe.skipIf(!ZSH)('completion in zsh', { timeout: PATIENCE }, () => {
  it('lists choices by themselves, and commands with what they do', async () => {
    const choices = await listed('memts stats ', 'slabs');
    expect(choices).not.toContain('--');
    for (const name of ['settings', 'items', 'slabs', 'sizes', 'conns']) expect(choices).toContain(name);
    expect(await listed('memts to', 'touch')).toMatch(/top +-- watch the servers/);
  });

  it('leaves files to the shell', async () => {
    writeFileSync(join(folder, 'only-file.jsonl'), '');
    expect(await listed('memts load only', 'only-file.jsonl')).toContain('only-file.jsonl');
  });
});
