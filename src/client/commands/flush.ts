import { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import { askAll, type Outcome } from './broadcast.ts';
import { type AnyCallback, invoke } from './callback.ts';
import { ClientCommand, type CommandOptions } from './command.ts';

/** Options of `flush`. */
export interface FlushOptions extends CommandOptions {
  /** When the items go, in seconds from now or, from 1,000,000,000 on, as a Unix time. @default 0, at once */
  expires?: number | undefined;
}

/** Empties a server. */
class FlushCommand extends ClientCommand {
  constructor(options: FlushOptions, engine: Engine) {
    super(Op.Flush, '', options, engine);
    this.expiration = toExpiration(options.expires ?? 0, engine);
  }

  protected override prepare(): void {}

  protected override answer(reply: Reply): unknown {
    // As MemJS has it, a custom transport flushes whatever status it answers with.
    if (reply.status === Status.Ok || reply.status === Status.Miss) return true;
    throw this.replyError(reply);
  }
}

type Results = Record<string, true | Error>;

/** Empties every server: for each `true` or its error. */
export function flush(
  engine: Engine,
  options: FlushOptions,
  callback: AnyCallback | undefined,
): Promise<Results> | undefined {
  const make = () => new FlushCommand(options, engine);
  engine.watched.allWritten();
  const gathered = askAll<true>(engine, 'flush', options, make).then((outcomes) => {
    engine.watched.allWritten();
    return gather(outcomes);
  });
  if (callback === undefined) return gathered.then(({ results }) => results);
  gathered.then(
    ({ lastError, results }) => invoke(callback, lastError, results),
    (error) => invoke(callback, error, null),
  );
  return undefined;
}

function gather(outcomes: Outcome<true>[]): { results: Results; lastError: Error | null } {
  const errors = outcomes.map(({ error }) => error).filter((error) => error !== null);
  const results = Object.fromEntries(outcomes.map(({ server, error }) => [server, error ?? (true as const)]));
  return { results, lastError: errors.at(-1) ?? null };
}
