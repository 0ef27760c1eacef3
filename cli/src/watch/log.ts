import type { Target } from '../connection.ts';
import { serverError } from '../exit.ts';
import type { Interruption } from '../interruption.ts';
import { TextSession } from '../text-session.ts';

/** As long as a timer can wait, in milliseconds: a log may have nothing to say. */
const ANY_TIME = 2_000_000_000;

/** The log of a server until it is interrupted, in lines as they come together: each may end with a \r. */
export async function* logOf(
  target: Target,
  timeout: number,
  streams: readonly string[],
  interruption: Interruption,
): AsyncGenerator<string[]> {
  if (interruption.requested) return;
  const session = await TextSession.open(target, timeout);
  const stop = (): void => session.close();
  interruption.signal.addEventListener('abort', stop);
  try {
    // It may have been while the connection was made, and would not be heard of again.
    if (interruption.requested) return;
    session.send(`watch ${streams.join(' ')}`);
    const answer = await session.line();
    if (answer !== 'OK') throw serverError(`${target.name}: ${answer} (watch needs memcached 1.4.26)`);
    for (;;) yield await session.lines(ANY_TIME);
  } catch (error) {
    if (!interruption.requested) throw error;
  } finally {
    interruption.signal.removeEventListener('abort', stop);
    session.close();
  }
}
