import { type Command, Option } from 'commander';
import { LAYOUTS } from '../layouts.ts';

export function addGet(program: Command): void {
  program
    .command('get')
    .description('print values')
    .argument('<key...>', 'one or more keys')
    .option('--cas', 'with --json: tell the CAS of each item')
    .option('--raw', 'in a terminal, too: values byte by byte, whatever they do to it')
    .option('--decode', 'values as the program knew them that stored them, by their flags')
    .addOption(new Option('--layout <name>', 'decode by this layout, whatever the flags say').choices(LAYOUTS))
    .addHelpText(
      'after',
      `
One key: the value as it is, byte by byte. Several: key: value, one in a line.
--decode reads what memts's serializers wrote (JSON, structured, compressed), and pymemcache, pylibmc, dalli, PHP and the
npm package memcached. In a pipe, what is neither text nor bytes is a line of JSON.

Examples:
  $ memts get page > page.html
  $ memts get user:1 user:2 --json
  $ memts get session:1 --decode`,
    )
    .action(async (keys: string[], _: unknown, command: Command) => {
      const { get } = await import('../actions/get.ts');
      process.exitCode = await get(keys, command.optsWithGlobals());
    });
}
