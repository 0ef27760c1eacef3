import { MemcacheError } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import { checkKey, type Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { answerByServer, askAll, type ByServer } from './broadcast.ts';
import type { AnyCallback } from './callback.ts';
import { ClientCommand, type CommandOptions, PENDING } from './command.ts';

/** One server's statistics, by name. */
export type Statistics = Record<string, string>;

/** What one server's statistics may take: no memcached has so many, and a list that does not end is not kept. */
const MOST_STATISTICS_BYTES = 32 * 1024 * 1024;

/** What a statistic takes beside its characters, about. */
const STATISTIC_BYTES = 100;

/** A command that is answered with one statistic after the other. */
export class StatsCommand extends ClientCommand {
  readonly #statistics: Statistics = {};
  #bytes = 0;

  override get label(): string {
    return `STATS (${this.key})`;
  }

  protected override prepare(): void {}

  protected override answer(reply: Reply): unknown {
    const { status, key, value, more } = reply;
    if (status === Status.Ok && more) {
      this.#bytes += STATISTIC_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
      if (this.#bytes <= MOST_STATISTICS_BYTES) this.#add(String(key), String(value));
      return PENDING;
    }
    if (status !== Status.Ok) throw this.replyError(reply);
    if (this.#bytes > MOST_STATISTICS_BYTES) throw tooMany();
    return this.#statistics;
  }

  /** Defined, not assigned: the name is the server's, and one of them could be __proto__. */
  #add(name: string, value: string): void {
    const property = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(this.#statistics, name, property);
  }
}

function tooMany(): MemcacheError {
  return new MemcacheError('ERR_PROTOCOL', 'The server has more statistics than can be believed');
}

/**
 * Asks every server for a group of statistics; `''` is the general one. The promise has those of the servers that
 * answered, or an error when none did; the callback is called for each.
 */
export function statistics(
  engine: Engine,
  group: unknown,
  options: CommandOptions,
  callback: AnyCallback | undefined,
): Promise<ByServer<Statistics>> | undefined {
  const make = (): StatsCommand => {
    if (group !== '') checkKey(group);
    return new StatsCommand(Op.Stat, group as string, options, engine);
  };
  return answerByServer((each) => askAll<Statistics>(engine, methodOf(group), options, make, each), callback);
}

/** The method that asks for a group of statistics. */
function methodOf(group: unknown): string {
  if (group === '') return 'stats';
  return group === 'reset' ? 'resetStats' : 'statsWithKey';
}
