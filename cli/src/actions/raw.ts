import { colors } from '../colors.ts';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { describe, usageError, worstOf } from '../exit.ts';
import { complain, isTerminal, print, printJson, shown, shownText, write } from '../output.ts';
import { TextSession } from '../text-session.ts';

interface RawOptions extends GlobalOptions {
  data?: string;
}

/** Lines whose response has no end, or that have a command of their own. */
const ENDLESS = /^\s*watch\b/;

interface Reply {
  name: string;
  bytes?: Buffer;
  error?: unknown;
}

export async function raw(line: string, options: RawOptions): Promise<number> {
  if (/[\r\n]/.test(line)) throw usageError('a line has no end in the middle; --data is for what follows it');
  if (ENDLESS.test(line)) throw usageError('the log has no end: memts watch follows it');
  return withTargets(await openTargets(options), (targets) => exchangeAll(targets, line, options));
}

async function exchangeAll(targets: Target[], line: string, options: RawOptions): Promise<number> {
  const { data } = options;
  const text = data === undefined ? line : `${line}\r\n${data}`;
  const replies = await Promise.all(targets.map((target) => exchange(target, text, timeoutOf(options))));
  for (const { name, bytes, error } of replies) {
    if (options.json) await printJson({ server: name, reply: bytes?.toString(), error: error && describe(error) });
    else if (bytes !== undefined) await printReply(bytes, targets.length > 1 ? name : undefined);
    if (error !== undefined) complain(describe(error));
  }
  return worstOf(replies.map(({ error }) => error).filter((error) => error !== undefined));
}

async function printReply(bytes: Buffer, name: string | undefined): Promise<void> {
  if (name !== undefined) await print(colors.bold(shown(name)));
  await write(isTerminal() ? shownText(bytes.toString().replaceAll('\r\n', '\n')) : bytes);
}

async function exchange(target: Target, text: string, timeout: number): Promise<Reply> {
  const { name } = target;
  try {
    const session = await TextSession.open(target, timeout);
    try {
      return { name, bytes: await session.exchange(text) };
    } finally {
      session.close();
    }
  } catch (error) {
    return { name, error };
  }
}
