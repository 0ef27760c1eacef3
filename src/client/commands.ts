import { Op } from '../protocol/op.ts';
import type { ErrorOrNull } from './callback.ts';
import type { CommandOptions } from './command.ts';
import { ClientCore } from './core.ts';
import { CounterCommand, type CounterResult, type IncrementDecrementOptions } from './counters.ts';
import { toExpiration } from './expiration.ts';
import type { Key } from './keys.ts';
import { counterArguments, insertArguments, trailing } from './old-arguments.ts';
import {
  type Found,
  type GetOptions,
  type GetResult,
  type GetWithCasResult,
  type Narrowed,
  RetrievalCommand,
} from './retrieval.ts';
import { ChangeCommand, type ChangeOptions, fillAppend, fillInsert, type InsertOptions } from './storage.ts';
import { isTraced, traceCommand } from './telemetry.ts';

type SuccessCallback = (error: ErrorOrNull, success: boolean | null) => void;
type CounterCallback = (error: ErrorOrNull, success: boolean | null, value?: number | null) => void;

/** MemJS's commands for one key. */
export class ClientCommands<TIn = string | Uint8Array, TOut = Buffer | null> extends ClientCore<TIn, TOut> {
  /** Reads a key; a miss is `null` for value and flags. `get<User>(key)` says what the value is. */
  get<T extends Narrowed<TOut> = TOut>(
    key: Key,
    options: GetOptions & { cas: true },
  ): Promise<GetWithCasResult<Found<T, TOut>>>;
  get<T extends Narrowed<TOut> = TOut>(key: Key, options?: GetOptions): Promise<GetResult<Found<T, TOut>>>;
  get<T extends Narrowed<TOut> = TOut>(
    key: Key,
    callback: (error: ErrorOrNull, value: Found<T, TOut>, flags: Buffer | null) => void,
  ): void;
  get<T extends Narrowed<TOut> = TOut>(
    key: Key,
    options: GetOptions,
    callback: (error: ErrorOrNull, value: Found<T, TOut>, flags: Buffer | null) => void,
  ): void;
  get(key: Key, second?: unknown, third?: unknown): unknown {
    return this.retrieve(Op.Get, key, second, third);
  }

  /** Reads a key and gives it a new expiration, in seconds; otherwise like `get`. */
  getAndTouch<T extends Narrowed<TOut> = TOut>(
    key: Key,
    expires: number,
    options: GetOptions & { cas: true },
  ): Promise<GetWithCasResult<Found<T, TOut>>>;
  getAndTouch<T extends Narrowed<TOut> = TOut>(
    key: Key,
    expires: number,
    options?: GetOptions,
  ): Promise<GetResult<Found<T, TOut>>>;
  getAndTouch<T extends Narrowed<TOut> = TOut>(
    key: Key,
    expires: number,
    callback: (error: ErrorOrNull, value: Found<T, TOut>, flags: Buffer | null) => void,
  ): void;
  getAndTouch(key: Key, expires?: unknown, third?: unknown, fourth?: unknown): unknown {
    // As with touch, so that a callback in the place of the expiration is called all the same.
    if (typeof expires === 'function') return this.retrieve(Op.GetAndTouch, key, expires, third);
    return this.retrieve(Op.GetAndTouch, key, third, fourth, expires as number);
  }

  /** Stores a value. With `cas`, `false` when the item has changed or is gone. */
  set(key: Key, value: TIn, options?: InsertOptions): Promise<boolean>;
  set(key: Key, value: TIn, callback: SuccessCallback): void;
  set(key: Key, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** With an expiration in the place of the options, as in the packages `memcached` and `memcache`. */
  set(key: Key, value: TIn, expires: number, callback: SuccessCallback): void;
  set(key: Key, value: TIn, expires: number): Promise<boolean>;
  /** @deprecated options come before the callback */
  set(key: Key, value: TIn, callback: SuccessCallback | null, expires: number): void;
  set(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.insert(Op.Set, key, value, third, fourth);
  }

  /** Stores a value where there is none yet, otherwise `false`. */
  add(key: Key, value: TIn, options?: InsertOptions): Promise<boolean>;
  add(key: Key, value: TIn, callback: SuccessCallback): void;
  add(key: Key, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** With an expiration in the place of the options, as in the packages `memcached` and `memcache`. */
  add(key: Key, value: TIn, expires: number, callback: SuccessCallback): void;
  add(key: Key, value: TIn, expires: number): Promise<boolean>;
  /** @deprecated options come before the callback */
  add(key: Key, value: TIn, callback: SuccessCallback | null, expires: number): void;
  add(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.insert(Op.Add, key, value, third, fourth);
  }

  /** Stores a value where there is one already, otherwise `false`. */
  replace(key: Key, value: TIn, options?: InsertOptions): Promise<boolean>;
  replace(key: Key, value: TIn, callback: SuccessCallback): void;
  replace(key: Key, value: TIn, options: InsertOptions | null, callback: SuccessCallback): void;
  /** With an expiration in the place of the options, as in the packages `memcached` and `memcache`. */
  replace(key: Key, value: TIn, expires: number, callback: SuccessCallback): void;
  replace(key: Key, value: TIn, expires: number): Promise<boolean>;
  /** @deprecated options come before the callback */
  replace(key: Key, value: TIn, callback: SuccessCallback | null, expires: number): void;
  replace(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.insert(Op.Replace, key, value, third, fourth);
  }

  /**
   * Puts something behind a value; `false` where there is none, and where the item would become larger than the server
   * takes, to which it answers the same. Flags and expiration stay as they are.
   */
  append(key: Key, value: TIn, options?: ChangeOptions): Promise<boolean>;
  append(key: Key, value: TIn, callback: SuccessCallback): void;
  append(key: Key, value: TIn, options: ChangeOptions | null, callback: SuccessCallback): void;
  append(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.change(Op.Append, key, third, fourth, (command) => fillAppend(command, value, this));
  }

  /** Puts something in front of a value; otherwise like `append`. */
  prepend(key: Key, value: TIn, options?: ChangeOptions): Promise<boolean>;
  prepend(key: Key, value: TIn, callback: SuccessCallback): void;
  prepend(key: Key, value: TIn, options: ChangeOptions | null, callback: SuccessCallback): void;
  prepend(key: Key, value: TIn, third?: unknown, fourth?: unknown): unknown {
    return this.change(Op.Prepend, key, third, fourth, (command) => fillAppend(command, value, this));
  }

  /** Deletes a key; `false` where there is none. */
  delete(key: Key, options?: ChangeOptions): Promise<boolean>;
  delete(key: Key, callback: SuccessCallback): void;
  delete(key: Key, options: ChangeOptions | null, callback: SuccessCallback): void;
  delete(key: Key, second?: unknown, third?: unknown): unknown {
    return this.change(Op.Delete, key, second, third);
  }

  /** Gives a key a new expiration, in seconds; `false` where there is none. @default the client's `expires` */
  touch(key: Key, expires?: number, options?: CommandOptions): Promise<boolean>;
  touch(key: Key, callback: SuccessCallback): void;
  touch(key: Key, expires: number, callback: SuccessCallback): void;
  touch(key: Key, expires: number, options: CommandOptions | null, callback: SuccessCallback): void;
  touch(key: Key, expires?: unknown, third?: unknown, fourth?: unknown): unknown {
    const [given, second, last] =
      typeof expires === 'function' ? [undefined, expires, third] : [expires, third, fourth];
    return this.change(Op.Touch, key, second, last, (command) => {
      command.expiration = toExpiration(given as number | undefined, this);
    });
  }

  /** Adds to a counter of 64 bits, which wraps; a missing one is created with `initial`. */
  increment(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions & { bigint: true },
  ): Promise<CounterResult<bigint>>;
  increment(key: Key, amount: number | bigint, options?: IncrementDecrementOptions): Promise<CounterResult>;
  increment(key: Key, amount: number | bigint, callback: CounterCallback): void;
  increment(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions | null,
    callback: CounterCallback,
  ): void;
  /** @deprecated options come before the callback */
  increment(key: Key, amount: number, callback: CounterCallback, expires: number, initial?: number): void;
  increment(key: Key, amount: unknown, third?: unknown, fourth?: unknown, fifth?: unknown): unknown {
    return this.count(Op.Increment, key, amount, third, fourth, fifth);
  }

  /** Takes from a counter of 64 bits, which stops at 0; a missing one is created with `initial`. */
  decrement(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions & { bigint: true },
  ): Promise<CounterResult<bigint>>;
  decrement(key: Key, amount: number | bigint, options?: IncrementDecrementOptions): Promise<CounterResult>;
  decrement(key: Key, amount: number | bigint, callback: CounterCallback): void;
  decrement(
    key: Key,
    amount: number | bigint,
    options: IncrementDecrementOptions | null,
    callback: CounterCallback,
  ): void;
  /** @deprecated options come before the callback */
  decrement(key: Key, amount: number, callback: CounterCallback, expires: number, initial?: number): void;
  decrement(key: Key, amount: unknown, third?: unknown, fourth?: unknown, fifth?: unknown): unknown {
    return this.count(Op.Decrement, key, amount, third, fourth, fifth);
  }

  private retrieve(op: Op, key: Key, second: unknown, third: unknown, expires?: number): unknown {
    const { options, callback } = trailing<GetOptions>(second, third);
    const command = new RetrievalCommand(op, key, this);
    const promise = command.expect(callback);
    if (isTraced()) traceCommand(this, this.beginRetrieve, command, key, options, expires);
    else this.beginRetrieve(command, key, options, expires);
    return promise;
  }

  private beginRetrieve(command: RetrievalCommand, key: Key, options: GetOptions, expires: number | undefined): void {
    try {
      command.key = this.keyMaker.toWire(key);
      command.configure(options);
      if (options.cas === true) command.returnCas = true;
      if (command.op === Op.GetAndTouch) command.expiration = toExpiration(expires, this);
      this.send(command);
    } catch (error) {
      command.refuse(error);
    }
  }

  private insert(op: Op, key: Key, value: unknown, third: unknown, fourth: unknown): unknown {
    const command = new ChangeCommand(op, key, this);
    const { options, callback } = insertArguments(command.label, third, fourth, this.log);
    const promise = command.expect(callback);
    if (isTraced()) traceCommand(this, this.beginInsert, command, key, value, options);
    else this.beginInsert(command, key, value, options);
    return promise;
  }

  private beginInsert(command: ChangeCommand, key: Key, value: unknown, options: InsertOptions): void {
    try {
      command.key = this.keyMaker.toWire(key);
      command.configure(options);
      fillInsert(command, value, options, this);
      this.send(command);
    } catch (error) {
      command.refuse(error);
    }
  }

  private change(op: Op, key: Key, second: unknown, third: unknown, fill?: (command: ChangeCommand) => void): unknown {
    const { options, callback } = trailing<ChangeOptions>(second, third);
    const command = new ChangeCommand(op, key, this);
    const promise = command.expect(callback);
    if (isTraced()) traceCommand(this, this.beginChange, command, key, options, fill);
    else this.beginChange(command, key, options, fill);
    return promise;
  }

  private beginChange(
    command: ChangeCommand,
    key: Key,
    options: ChangeOptions,
    fill: ((command: ChangeCommand) => void) | undefined,
  ): void {
    try {
      command.key = this.keyMaker.toWire(key);
      command.configure(options);
      fill?.(command);
      this.send(command);
    } catch (error) {
      command.refuse(error);
    }
  }

  private count(op: Op, key: Key, amount: unknown, third: unknown, fourth: unknown, fifth: unknown): unknown {
    const command = new CounterCommand(op, key, this);
    const { options, callback } = counterArguments(command.label, third, fourth, fifth, this.log);
    const promise = command.expect(callback);
    if (isTraced()) traceCommand(this, this.beginCount, command, key, amount, options);
    else this.beginCount(command, key, amount, options);
    return promise;
  }

  private beginCount(command: CounterCommand, key: Key, amount: unknown, options: IncrementDecrementOptions): void {
    try {
      command.key = this.keyMaker.toWire(key);
      command.fill(amount, options, this);
      this.send(command);
    } catch (error) {
      command.refuse(error);
    }
  }
}
