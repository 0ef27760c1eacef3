import { exponential, monotonicNow, setTimeout } from '../../clock.ts';
import { checkFunction, invalid, isInteger, MemcacheError } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import { untilAborted } from '../aborts.ts';
import type { Engine } from '../engine.ts';
import type { Key } from '../keys.ts';
import type { OpenCall } from '../open-calls.ts';
import type { CommandTrace } from '../telemetry.ts';
import { makeOpenCall } from './call.ts';
import { type CommandOptions, checkCommandOptions } from './command.ts';
import { type GetWithCasResult, ReadCommand } from './read.ts';
import { StoreCommand } from './store.ts';

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

/** The first pause after a conflict, the longest where attempts take no time, and the longest of all, in milliseconds. */
const FIRST_PAUSE = 1;
const SHORT_PAUSE = 64;
const MAX_PAUSE = 1000;

/** How long `quit()` waits for `change`, in milliseconds: as long as for a computation that has no `lockFor` of its own. */
const QUIT_PATIENCE = 30_000;

/** Makes a new value of an old one. */
type Change = (value: unknown) => unknown;

/** Reads, changes and stores with CAS, again on conflict. */
export function update(engine: Engine, key: Key, change: Change, options: UpdateOptions): Promise<unknown> {
  // Its commands wait for a list of servers themselves.
  return makeOpenCall(engine, 'update', key, (call, trace) => run(engine, call, key, change, options, trace));
}

async function run(
  engine: Engine,
  call: OpenCall,
  key: Key,
  change: Change,
  options: UpdateOptions,
  trace: CommandTrace | undefined,
): Promise<unknown> {
  checkCommandOptions(options, engine.log);
  const { expires, flags, timeout, signal } = options;
  checkFunction('change', change);
  const retries = options.retries ?? DEFAULT_RETRIES;
  if (!isInteger(retries, 1)) throw invalid('retries', 'an integer above 0', retries);
  // Its caller may change it as soon as the call has returned.
  const own = key instanceof Uint8Array ? Buffer.from(key) : key;
  let began = 0;
  for (let attempt = 0; attempt < retries; attempt++) {
    if (attempt > 0) await untilAborted(pause(attempt, began), signal);
    began = monotonicNow();
    if (trace) trace.attempts = attempt + 1;
    call.check();
    const read = new ReadCommand(Op.Get, own, { cas: true, timeout, signal }, engine);
    const { value, cas } = (await read.submit(undefined, trace)) as GetWithCasResult<unknown>;
    const changed = await call.wait(change(cas === undefined ? null : value), QUIT_PATIENCE);
    if (changed === undefined) return changed;
    call.check();
    const insert = { expires, flags, timeout, signal, cas };
    const store = new StoreCommand(cas === undefined ? Op.Add : Op.Set, own, changed, insert, engine);
    if (await store.submit(undefined, trace)) return changed;
  }
  throw new MemcacheError(
    'ERR_BUSY',
    `memts UPDATE: The item was changed by others in each of ${retries} attempts; nothing was stored`,
  );
}

/**
 * Long enough that those who collided do not meet again: a random part of a growing span, which is as long at first as what
 * the attempt has taken that began at that moment.
 */
export function pause(attempt: number, began: number): Promise<void> {
  const first = Math.max(FIRST_PAUSE, monotonicNow() - began);
  const longest = exponential(attempt, first, Math.min(MAX_PAUSE, Math.max(SHORT_PAUSE, 16 * first)));
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
