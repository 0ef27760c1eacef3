import { Argument, type Command } from 'commander';

const SHELLS = ['zsh', 'bash', 'fish', 'powershell'] as const;

/** `memts completion SHELL`, and the hidden command that its scripts call. `makeCommands` makes what is completed. */
export function addCompletion(program: Command, makeCommands: () => Command): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .addHelpText('after', '\nExamples:\n  $ source <(memts completion bash)\n  $ memts completion fish | source')
    .action(async (shell: string) => {
      const { printScript } = await import('../actions/completion.ts');
      printScript(shell, makeCommands());
    });
  program
    .command('complete', { hidden: true })
    .description('print what may come next in a command line')
    .usage('-- [args...]')
    .argument('[args...]')
    .action(async (words: string[]) => {
      const { complete } = await import('../actions/completion.ts');
      complete(words, makeCommands());
    });
}
