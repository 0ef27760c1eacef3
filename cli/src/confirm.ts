import { Exit, usageError } from './exit.ts';
import { complain, isTerminal } from './output.ts';

/** What a shell says of a command that Ctrl-C has ended. */
const INTERRUPTED = 130;

/** Asks before something is done that can't be undone; what to end with, where it is not to be. */
export async function refused(question: string, nothing: string): Promise<number | undefined> {
  const answer = await ask(question);
  if (answer === 'yes') return undefined;
  complain(nothing);
  return answer === 'no' ? Exit.Miss : INTERRUPTED;
}

async function ask(question: string): Promise<'yes' | 'no' | 'interrupted'> {
  if (!isTerminal(process.stderr) || !process.stdin.isTTY) {
    throw usageError('this asks first, and there is no terminal to ask at: --yes does without');
  }
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const controller = new AbortController();
  reader.once('SIGINT', () => controller.abort());
  try {
    const answer = await reader.question(`${question} [y/N] `, { signal: controller.signal });
    return /^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no';
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.stderr.write('\n');
    return 'interrupted';
  } finally {
    reader.close();
  }
}
