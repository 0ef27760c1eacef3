import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Argument, type Command, Option } from 'commander';
import type { Client } from 'memts';
import { type GlobalOptions, openClient, withClient } from '../connection.ts';
import { describe, Exit, worstOf } from '../exit.ts';
import { complain, print, printJson, regret, remark, shown } from '../output.ts';
import { counter, expiration, integer } from '../parsers.ts';

interface StoreOptions extends GlobalOptions {
  file?: string;
  expires?: number;
  flags?: number;
  cas?: bigint;
}

interface CountOptions extends GlobalOptions {
  initial?: bigint;
  expires?: number;
}

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
      const options: StoreOptions = command.optsWithGlobals();
      const { expires, flags, cas } = options;
      const value = await readValue(text, options.file, command);
      process.exitCode = await change(key, 'stored', options, (client) =>
        client[name](key, value, { expires, flags, cas }),
      );
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
      const options: StoreOptions = command.optsWithGlobals();
      const value = await readValue(text, options.file, command);
      process.exitCode = await change(key, 'stored', options, (client) =>
        client[name](key, value, { cas: options.cas }),
      );
    });
}

/** The value of a command: given, in a file or from standard input. */
async function readValue(
  text: string | undefined,
  file: string | undefined,
  command: Command,
): Promise<string | Buffer> {
  if (file !== undefined && text !== undefined) command.error('error: a value and --file: only one of them');
  if (file !== undefined && file !== '-') return readFile(file);
  return text === undefined || text === '-' ? buffer(process.stdin) : text;
}

/** A command that is answered with yes or no. */
async function change(
  key: string,
  done: string,
  options: GlobalOptions,
  send: (client: Client) => Promise<boolean>,
): Promise<number> {
  const success = await withClient(openClient(options), send);
  if (options.json) await printJson({ key, [done]: success });
  else if (success) await remark(done);
  else regret(`not ${done}`);
  return success ? Exit.Ok : Exit.Miss;
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
      const { initial, expires }: CountOptions = command.opts();
      if (expires !== undefined && initial === undefined)
        command.error('error: --expires is for a counter that --initial makes');
      process.exitCode = await count(name, key, amount, command.optsWithGlobals());
    });
}

async function count(name: 'incr' | 'decr', key: string, amount: bigint, options: CountOptions): Promise<number> {
  const { initial = null, expires } = options;
  const { value } = await withClient(openClient(options), (client) => {
    const method = name === 'incr' ? 'increment' : 'decrement';
    return client[method](key, amount, { initial, expires, bigint: true });
  });
  if (options.json) await printJson({ key, value });
  else if (value === null) regret('not found');
  else await print(String(value));
  return value === null ? Exit.Miss : Exit.Ok;
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
      const options: GlobalOptions = command.optsWithGlobals();
      process.exitCode = await withClient(openClient(options), (client) => remove(client, keys, options));
    });
}

async function remove(client: Client, keys: string[], { json }: GlobalOptions): Promise<number> {
  const results = await client.deleteMulti(keys);
  for (const key of keys) {
    const deleted = results.get(key);
    if (deleted === undefined) continue;
    const name = keys.length > 1 ? `${shown(key)}: ` : '';
    if (json) await printJson({ key, deleted });
    else if (deleted) await remark(`${name}deleted`);
    else regret(`${name}not found`);
  }
  for (const error of results.errors.values()) complain(describe(error));
  const exitCode = keys.every((key) => results.get(key)) ? Exit.Ok : Exit.Miss;
  return Math.max(exitCode, worstOf(results.errors.values()));
}

function addTouch(program: Command): void {
  program
    .command('touch')
    .description('give an item a new expiration')
    .argument('<key>')
    .argument('<expires>', 'seconds to live, or 10m, 2h, 30d; 0 for ever', expiration)
    .addHelpText('after', '\nExample:\n  $ memts touch session:1 30m')
    .action(async (key: string, expires: number, _: unknown, command: Command) => {
      process.exitCode = await change(key, 'touched', command.optsWithGlobals(), (client) =>
        client.touch(key, expires),
      );
    });
}
