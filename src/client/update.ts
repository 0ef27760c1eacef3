import { setTimeout } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import { MemcacheError } from '../errors.ts';
import { type CommandOptions, checkCommandOptions, invalid } from './command.ts';
import type { Key } from './keys.ts';
import type { OpenCall } from './open-calls.ts';
import type { GetOptions, GetWithCasResult } from './retrieval.ts';
import type { InsertOptions } from './storage.ts';
import { within } from './telemetry.ts';
import type { CommandTrace } from './trace.ts';

/** Options of `update`. */
export interface UpdateOptions extends CommandOptions {
  /** The expiration of what is stored, in seconds. @default the client's `expires` */
  expires?: number | undefined;
  /** The client flags of what is stored, uint32. @default 0 */
  flags?: number | undefined;
  /** How often it is tried in all before it ends with `ERR_BUSY`. @default 100 */
  retries?: number | undefined;
}

const DEFAULT_RETRIES = 100;

/** The first pause after a conflict and the longest, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 64;

/** The commands that an update is made of. */
interface UpdateHost<TIn, TOut> {
  readonly log: Log;
  get(key: Key, options: GetOptions & { cas: true }): Promise<GetWithCasResult<TOut>>;
  set(key: Key, value: TIn, options: InsertOptions): Promise<boolean>;
  add(key: Key, value: TIn, options: InsertOptions): Promise<boolean>;
}

/** Read, change and store with CAS, again on conflict. */
export async function update<TIn, TOut, TNew extends TIn | undefined>(
  host: UpdateHost<TIn, TOut>,
  call: OpenCall,
  key: Key,
  change: (value: TOut | null) => TNew | Promise<TNew>,
  options: UpdateOptions,
  trace?: CommandTrace,
): Promise<TNew> {
  checkCommandOptions(options, host.log);
  const { expires, flags, timeout, signal } = options;
  if (typeof change !== 'function') throw invalid('change', 'a function', change);
  const retries = options.retries ?? DEFAULT_RETRIES;
  if (!(Number.isInteger(retries) && retries > 0)) throw invalid('retries', 'an integer above 0', retries);
  for (let attempt = 0; attempt < retries; attempt++) {
    if (attempt > 0) await pause(attempt);
    if (trace !== undefined) trace.attempts = attempt + 1;
    call.check();
    const { value, cas } = await within(trace, () => host.get(key, { cas: true, timeout, signal }));
    const changed = await change(cas === undefined ? null : value);
    if (changed === undefined) return changed;
    call.check();
    const insert = { expires, flags, timeout, signal };
    const stored = within(trace, () =>
      cas === undefined ? host.add(key, changed as TIn, insert) : host.set(key, changed as TIn, { ...insert, cas }),
    );
    if (await stored) return changed;
  }
  throw new MemcacheError(
    'ERR_BUSY',
    `memts UPDATE: The item was changed by others in each of ${retries} attempts; nothing was stored`,
  );
}

/** Long enough that those who collided do not meet again: a random part of a growing span. */
function pause(attempt: number): Promise<void> {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
