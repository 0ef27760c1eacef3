import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Client } from 'memts';
import { type GlobalOptions, openClient, withClient } from '../connection.ts';
import { describe, Exit, usageError, worstOf } from '../exit.ts';
import { outcomeOf } from '../many.ts';
import { complain, print, printJson, regret, remark, shown } from '../output.ts';

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

type Store = 'set' | 'add' | 'replace' | 'append' | 'prepend';

export async function store(
  name: Store,
  key: string,
  text: string | undefined,
  options: StoreOptions,
): Promise<number> {
  const { file, expires, flags, cas } = options;
  const value = await readValue(text, file);
  return change(key, 'stored', options, (client) => client[name](key, value, { expires, flags, cas }));
}

export function touch(key: string, expires: number, options: GlobalOptions): Promise<number> {
  return change(key, 'touched', options, (client) => client.touch(key, expires));
}

/** The value of a command: given, in a file or from standard input. */
async function readValue(text: string | undefined, file: string | undefined): Promise<string | Buffer> {
  if (file !== undefined && text !== undefined) throw usageError('a value and --file: only one of them');
  if (file !== undefined && file !== '-') return readFile(file);
  return text === undefined || text === '-' ? buffer(process.stdin) : text;
}

/** What comes of a command; an error is a line of its own where JSON is asked for. */
async function orErrorLine<T>(key: string, { json }: GlobalOptions, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (json) await printJson({ key, error: describe(error) });
    throw error;
  }
}

/** A command that is answered with yes or no. */
async function change(
  key: string,
  done: string,
  options: GlobalOptions,
  send: (client: Client) => Promise<boolean>,
): Promise<number> {
  const success = await withClient(await openClient(options), (client) => orErrorLine(key, options, send(client)));
  if (options.json) await printJson({ key, [done]: success });
  else if (success) await remark(done);
  else regret(`not ${done}`);
  return success ? Exit.Ok : Exit.Miss;
}

export async function count(
  name: 'incr' | 'decr',
  key: string,
  amount: bigint,
  options: CountOptions,
): Promise<number> {
  const { initial = null, expires } = options;
  if (expires !== undefined && initial === null) throw usageError('--expires is for a counter that --initial makes');
  const { value } = await withClient(await openClient(options), (client) => {
    const method = name === 'incr' ? 'increment' : 'decrement';
    return orErrorLine(key, options, client[method](key, amount, { initial, expires, bigint: true }));
  });
  if (options.json) await printJson({ key, value });
  else if (value === null) regret('not found');
  else await print(String(value));
  return value === null ? Exit.Miss : Exit.Ok;
}

export async function remove(keys: string[], options: GlobalOptions): Promise<number> {
  const { json } = options;
  const { found, errors, errorOf } = await withClient(await openClient(options), (client) =>
    outcomeOf(client, client.deleteMulti(keys)),
  );
  for (const key of keys) {
    const deleted = found.get(key);
    const error = errorOf(key);
    if (deleted === undefined) {
      if (json) await printJson({ key, error: error && describe(error) });
      continue;
    }
    const name = keys.length > 1 ? `${shown(key)}: ` : '';
    if (json) await printJson({ key, deleted });
    else if (deleted) await remark(`${name}deleted`);
    else regret(`${name}not found`);
  }
  for (const error of errors.values()) complain(describe(error));
  const exitCode = keys.every((key) => found.get(key)) ? Exit.Ok : Exit.Miss;
  return Math.max(exitCode, worstOf(errors.values()));
}
