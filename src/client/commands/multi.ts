import { invalid, invalidType } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import type { StoreItem } from '../../protocol/request.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import type { Key } from '../keys.ts';
import type { CommandTrace } from '../telemetry.ts';
import { ChangeBatch, GetBatch } from './batch.ts';
import { wires } from './batches.ts';
import { makeCall } from './call.ts';
import { type CommandOptions, checkCommandOptions, NO_OPTIONS } from './command.ts';
import { type MakeBatch, MultiCall, type MultiResult } from './multi-call.ts';
import { checkFlags, fillItem, type InsertOptions } from './store.ts';

/** Options of `getMulti`. */
export interface GetMultiOptions extends CommandOptions {
  /** Whether each hit has to tell its CAS. @default false */
  cas?: boolean | undefined;
}

/** Options of `setMulti`, for all entries alike. */
export type SetMultiOptions = Omit<InsertOptions, 'cas'>;

/** Reads many keys. */
export function getMulti(
  engine: Engine,
  keys: Iterable<Key>,
  options: GetMultiOptions,
): Promise<MultiResult<unknown, Key>> {
  return callForMany(engine, 'getMulti', keys, options, (trace) => {
    const make: MakeBatch = (entries, sink) => new GetBatch(wires(entries), sink, options, engine);
    const call = new MultiCall<unknown>(engine, trace, options, true, make);
    return call.run(call.prepare(keys));
  });
}

/** Stores many values. */
export function setMulti(
  engine: Engine,
  entries: Iterable<readonly [Key, unknown]>,
  options: SetMultiOptions,
): Promise<MultiResult<boolean, Key>> {
  return callForMany(engine, 'setMulti', entries, options, (trace) => {
    toExpiration(options.expires, engine);
    if (options.flags !== undefined && options.flags !== null) checkFlags(options.flags);
    // Where a key stands twice, the last value counts, as with sets one after the other.
    const values = new Map<Key, unknown>();
    for (const entry of entries) {
      if (!Array.isArray(entry)) throw invalidType('entries', 'pairs of a key and a value', entry);
      values.set(entry[0], entry[1]);
    }
    const make: MakeBatch = (list, sink) => {
      const stores = list.map(({ store }) => store as StoreItem);
      return new ChangeBatch(Op.SetMulti, wires(list), stores, sink, options, engine);
    };
    const call = new MultiCall<boolean>(engine, trace, options, false, make);
    const making: Promise<void>[] = [];
    const prepared = call.prepare(values.keys(), (entry) => {
      const item = { value: '', flags: 0, expiration: 0 };
      entry.store = item;
      const made = fillItem(item, Op.Set, values.get(entry.key), options, engine);
      if (made !== undefined) making.push(made.catch((error) => call.failed(entry.key, error)));
    });
    return call.run(prepared, making.length > 0 ? Promise.all(making) : undefined);
  });
}

/** Deletes many keys. */
export function deleteMulti(
  engine: Engine,
  keys: Iterable<Key>,
  options: CommandOptions,
): Promise<MultiResult<boolean, Key>> {
  return callForMany(engine, 'deleteMulti', keys, options, (trace) => {
    const make: MakeBatch = (entries, sink) =>
      new ChangeBatch(Op.DeleteMulti, wires(entries), undefined, sink, options, engine);
    const call = new MultiCall<boolean>(engine, trace, options, false, make);
    return call.run(call.prepare(keys));
  });
}

/** A call of several commands about what `list` holds; it rejects for invalid arguments. */
function callForMany<T>(
  engine: Engine,
  name: string,
  list: Iterable<unknown>,
  options: CommandOptions,
  run: (trace: CommandTrace | undefined) => Promise<T>,
): Promise<T> {
  return makeCall(engine, name, list, (trace) => {
    try {
      checkIterable(list);
      if (options !== NO_OPTIONS) checkCommandOptions(options, engine.log);
      return run(trace);
    } catch (error) {
      return Promise.reject(error);
    }
  });
}

export function checkIterable<T extends Iterable<unknown>>(list: T): T {
  if (typeof list === 'object' && list !== null && Symbol.iterator in list) return list;
  throw invalid('argument', 'an array or another iterable', list);
}
