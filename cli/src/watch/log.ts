import type { Target } from '../connection.ts';
import { serverError } from '../exit.ts';
import type { Interruption } from '../interruption.ts';
import { TextSession } from '../text-session.ts';

/** As long as a timer can wait, in milliseconds: a log may have nothing to say. */
const ANY_TIME = 2_000_000_000;

/** The log of a server, line by line, until it is interrupted. */
export async function* logOf(
  target: Target,
  timeout: number,
  streams: readonly string[],
  interruption: Interruption,
): AsyncGenerator<string> {
  const session = await TextSession.open(target, timeout);
  const stop = (): void => session.close();
  interruption.signal.addEventListener('abort', stop);
  try {
    session.send(`watch ${streams.join(' ')}`);
    const answer = await session.line();
    if (answer !== 'OK') throw serverError(`${target.name}: ${answer} (watch needs memcached 1.4.26)`);
    for (;;) yield await session.line(ANY_TIME);
  } catch (error) {
    if (!interruption.requested) throw error;
  } finally {
    interruption.signal.removeEventListener('abort', stop);
    session.close();
  }
}

/** What a line of the log says; nothing where it is of another kind. */
export interface LogEntry {
  type: string;
  /** As it stands in the log, in percent-encoding. */
  key: string;
  found: boolean;
  size: number;
  /** Which connection did it. */
  connection: string;
}

const ENTRY = /\btype=(\w+) key=(\S+) status=(\w+)(?:.*? cfd=(\d+))?(?:.*? size=(\d+))?/;

export function entryIn(line: string): LogEntry | undefined {
  const [, type, key, status, connection = '', size = '0'] = ENTRY.exec(line) ?? [];
  if (type === undefined || key === undefined) return undefined;
  return { type, key, found: status === 'found' || status === 'stored', size: Number(size), connection };
}
