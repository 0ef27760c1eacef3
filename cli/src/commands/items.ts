import { Argument, type Command, Option } from 'commander';
import { counter, expiration, integer } from '../parsers.ts';

const CAS = new Option('--cas <number>', 'only if the item still has this CAS').argParser(counter);
const EXPIRES = new Option('-e, --expires <time>', 'seconds to live, or 10m, 2h, 30d; 0 for ever').argParser(
  expiration,
);

/** The commands for items but reading: storing, changing, counting. */
export function addItemCommands(program: Command): void {
  for (const [name, what] of Object.entries(STORES)) addStore(program, name as Store, what);
  for (const name of ['append', 'prepend'] as const) addExtend(program, name);
  for (const name of ['incr', 'decr'] as const) addCount(program, name);
  addDelete(program);
  addTouch(program);
}

const STORES = {
  set: 'store a value',
  add: 'store a value where there is none yet',
  replace: 'store a value where there is one already',
} as const;

type Store = keyof typeof STORES;

function addStore(program: Command, name: Store, what: string): void {
  program
    .command(name)
    .description(what)
    .argument('<key>')
    .argument('[value]', 'the value; - or none reads it from standard input')
    .option('-f, --file <file>', 'take the value from a file')
    .addOption(EXPIRES)
    .option('--flags <number>', 'the client flags', integer(0, 0xffffffff))
    .addOption(CAS)
    .addHelpText(
      'after',
      `
Examples:
  $ memts ${name} greeting hello --expires 10m
  $ memts ${name} page --file page.html
  $ gzip -c page.html | memts ${name} page.gz --flags 1`,
    )
    .action(async (key: string, text: string | undefined, _: unknown, command: Command) => {
      const { store } = await import('../actions/items.ts');
      process.exitCode = await store(name, key, text, command.optsWithGlobals());
    });
}

function addExtend(program: Command, name: 'append' | 'prepend'): void {
  program
    .command(name)
    .description(`put something ${name === 'append' ? 'behind' : 'in front of'} a value`)
    .argument('<key>')
    .argument('[value]', 'what to put there; - or none reads it from standard input')
    .option('-f, --file <file>', 'take it from a file')
    .addOption(CAS)
    .addHelpText('after', `\nExample:\n  $ memts ${name} log 'a line'`)
    .action(async (key: string, text: string | undefined, _: unknown, command: Command) => {
      const { store } = await import('../actions/items.ts');
      process.exitCode = await store(name, key, text, command.optsWithGlobals());
    });
}

function addCount(program: Command, name: 'incr' | 'decr'): void {
  program
    .command(name)
    .description(name === 'incr' ? 'add to a counter' : 'take from a counter, which stops at 0')
    .argument('<key>')
    .addArgument(new Argument('[amount]', 'how much').argParser(counter).default(1n, '1'))
    .option('-i, --initial <number>', 'what a missing counter starts at; without it, it stays missing', counter)
    .option('-e, --expires <time>', 'how long a counter that is made lives', expiration)
    .addHelpText('after', `\nExamples:\n  $ memts ${name} visits\n  $ memts ${name} visits 10 --initial 0`)
    .action(async (key: string, amount: bigint, _: unknown, command: Command) => {
      const { count } = await import('../actions/items.ts');
      process.exitCode = await count(name, key, amount, command.optsWithGlobals());
    });
}

function addDelete(program: Command): void {
  program
    .command('delete')
    .alias('rm')
    .description('delete items')
    .argument('<key...>', 'one or more keys')
    .addHelpText(
      'after',
      '\nExamples:\n  $ memts delete user:1 user:2\n  $ memts keys --prefix tmp: --null | xargs -0 -r memts delete --',
    )
    .action(async (keys: string[], _: unknown, command: Command) => {
      const { remove } = await import('../actions/items.ts');
      process.exitCode = await remove(keys, command.optsWithGlobals());
    });
}

function addTouch(program: Command): void {
  program
    .command('touch')
    .description('give an item a new expiration')
    .argument('<key>')
    .argument('<expires>', 'seconds to live, or 10m, 2h, 30d; 0 for ever', expiration)
    .addHelpText('after', '\nExample:\n  $ memts touch session:1 30m')
    .action(async (key: string, expires: number, _: unknown, command: Command) => {
      const { touch } = await import('../actions/items.ts');
      process.exitCode = await touch(key, expires, command.optsWithGlobals());
    });
}
