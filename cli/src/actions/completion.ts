import tab from '@bomb.sh/tab/commander';
import type { Command, Option } from 'commander';

/** For bash: it needs no other package, and runs nothing of what was typed. */
const BASH = `# bash completion for memts
__memts_complete() {
    local typed="\${COMP_LINE:0:COMP_POINT}" line
    local -a words
    read -ra words <<< "$typed"
    [[ $typed == *[[:space:]] ]] && words+=('')
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :0) ;;
            :*) compopt +o default 2> /dev/null ;;
            *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
        esac
    done < <(memts complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -o default -F __memts_complete memts
`;

/** For zsh: what has no description gets none, where the package's script leaves a "--" behind it. */
const ZSH = `#compdef memts
_memts() {
    local line name only
    local -a found
    while IFS= read -r line; do
        case $line in
            :0) ;;
            :*) only=1 ;;
            *$'\\t'?*) name=\${line%%$'\\t'*}; found+=("\${name//:/\\\\:}:\${line#*$'\\t'}") ;;
            *) name=\${line%%$'\\t'*}; found+=("\${name//:/\\\\:}") ;;
        esac
    done < <(memts complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
    if (( \${#found} )); then
        # What stands in front of a choice, as in --protocol=meta.
        [[ $PREFIX == -*=* ]] && compset -P '*='
        _describe memts found
    elif [[ -z $only ]]; then
        _files
    fi
}
if [[ $funcstack[1] == _memts ]]; then
    _memts "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _memts memts
fi
`;

/** What a script of completion reads below the words: files may come, or nothing else. */
const FILES = ':0';

/** Prints the script for a shell. */
export function printScript(shell: string, commands: Command): void {
  if (shell === 'bash') process.stdout.write(BASH);
  else if (shell === 'zsh') process.stdout.write(ZSH);
  else rootOf(commands).setup('memts', 'memts', shell);
}

/** Prints what may stand in the place of the last of the words. */
export function complete(words: string[], commands: Command): void {
  if (wantsFile(commands, words)) process.stdout.write(`${FILES}\n`);
  else rootOf(commands).parse(words);
}

/** What can be completed; the options of all commands are offered behind each of them. */
function rootOf(commands: Command): typeof import('@bomb.sh/tab').default {
  const root = tab(commands, { completionCommandName: 'completion' });
  for (const command of root.commands.values()) {
    for (const [name, option] of root.options) {
      if (command.options.has(name)) continue;
      if (option.handler) command.option(name, option.description, option.handler);
      else command.option(name, option.description);
    }
  }
  root.commands.get('help')?.argument('command', (offer) => {
    for (const [name, { description }] of root.commands) offer(name, description);
  });
  return root;
}

/** Whether the last of the words is to be a file, which the shell knows better. */
function wantsFile(program: Command, words: readonly string[]): boolean {
  const [before = '', last = ''] = [words.at(-2), words.at(-1)];
  const command = program.commands.find((one) => words.slice(0, -1).includes(one.name()));
  const option = optionOf(before, command === undefined ? [program] : [command, program]);
  if (option !== undefined && (option.required || option.optional)) return /<(file|socket)>/.test(option.flags);
  return !last.startsWith('-') && command?.registeredArguments[0]?.name() === 'file';
}

function optionOf(word: string, commands: readonly Command[]): Option | undefined {
  return commands.flatMap(({ options }) => options).find(({ long, short }) => word === long || word === short);
}
