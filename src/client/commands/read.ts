import { invalidType } from '../../errors.ts';
import { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import { noopSerializer, type Serialized } from '../../serializers/serializer.ts';
import type { Engine } from '../engine.ts';
import { toExpiration } from '../expiration.ts';
import { isStub } from '../get-or-set/format.ts';
import type { Key } from '../keys.ts';
import { type AnyCallback, invoke } from './callback.ts';
import { checkCas } from './change.ts';
import { ClientCommand, type CommandOptions, PENDING } from './command.ts';

/** Options of `get`. */
export interface GetOptions extends CommandOptions {
  /** Whether the result has to tell the item's CAS, for a later `{ cas }`. @default false */
  cas?: boolean | undefined;
}

/** Options of a `get` by somebody who has a value already. */
export interface GetIfChangedOptions extends GetOptions {
  /** The CAS of that value; where the item still has it, the value is not sent again. */
  ifNoneMatch: bigint;
}

/**
 * What a caller may name as the type of a value: one of those that the serializer gives, and any object where it gives
 * objects of every kind. Nothing checks what lies in the cache: it is the caller's promise.
 */
export type Narrowed<TOut> = Record<string, never> extends TOut ? TOut | object : TOut;

/** A value of the type that the caller named, or `null` for a miss; all that the serializer gives where none is named. */
export type Found<T, TOut> = [TOut] extends [T] ? TOut : T | null;

/** What `get` finds: `null` for both where there is nothing. */
export interface GetResult<TOut> {
  value: TOut;
  /** The four bytes of the client flags. */
  flags: Buffer | null;
}

/** What `get` finds with `{ cas: true }`. */
export interface GetWithCasResult<TOut> extends GetResult<TOut> {
  /** The item's CAS; none where there is no item. */
  cas?: bigint;
}

/** What `get` finds with `{ ifNoneMatch }`. */
export type GetIfChangedResult<TOut> =
  | {
      /** The item still has the CAS that was given: its value has not changed. */
      unchanged: true;
      value: null;
      flags: null;
      cas: bigint;
    }
  | {
      unchanged: false;
      value: TOut;
      flags: Buffer | null;
      /** The item's CAS; `null` where there is no item. */
      cas: bigint | null;
    };

/** Reads a key. */
export class ReadCommand extends ClientCommand<GetOptions> {
  protected override prepare(_engine: Engine): void {
    if (this.options.cas === true) this.returnCas = true;
  }

  protected override answer(reply: Reply): unknown {
    const { status, value, extras } = reply;
    // Looked at only where it may be one: most values are not empty.
    if (status === Status.Ok && (value?.length !== 0 || !isStub(reply))) {
      const cas = this.returnCas ? reply.cas : undefined;
      if (cas === 0n) throw this.casOff();
      if (this.engine.serializer !== noopSerializer) return readResult(this.engine, this.op, reply, cas);
      return cas === undefined ? { value, flags: extras } : { value, flags: extras, cas };
    }
    if (status === Status.Ok || status === Status.Miss) return { value: null, flags: null };
    if (this.sentAgain(status)) return PENDING;
    throw this.replyError(reply);
  }

  protected override call(callback: AnyCallback, { value, flags }: GetResult<unknown>): void {
    invoke(callback, null, value, flags);
  }
}

/** Reads a key by somebody who has a value already. */
export class ReadIfChangedCommand extends ReadCommand {
  #known = 0n;

  protected override prepare(): void {
    this.#known = checkCas((this.options as GetIfChangedOptions).ifNoneMatch, 'ifNoneMatch');
    this.returnCas = true;
  }

  /** None at a server that stands in for the key's own: there, another value may have the same one. */
  override knownCas(): bigint | undefined {
    return this.engine.fleet.isOwn(this.server, this.key) ? this.#known : undefined;
  }

  protected override answer(reply: Reply): unknown {
    const { status, value, cas } = reply;
    const found = status === Status.Ok && !isStub(reply);
    if (found && cas !== 0n && (value === null || cas === this.knownCas())) {
      return { unchanged: true, value: null, flags: null, cas };
    }
    const result = super.answer(reply);
    if (result === PENDING) return PENDING;
    return { unchanged: false, ...(result as GetResult<unknown>), cas: found ? cas : null };
  }
}

/** Reads a key and gives it a new expiration. */
export class TouchingReadCommand extends ReadCommand {
  constructor(key: Key, expires: unknown, options: GetOptions, engine: Engine) {
    super(Op.GetAndTouch, key, options, engine);
    // As the caller has it, until it is prepared.
    this.expiration = expires as number;
  }

  protected override prepare(engine: Engine): void {
    super.prepare(engine);
    this.expiration = toExpiration(this.expiration, engine);
  }
}

function readResult(engine: Engine, op: Op, reply: Reply, cas: bigint | undefined): GetWithCasResult<unknown> {
  const { value, flags } = readValue(engine, op, reply);
  return cas === undefined ? { value, flags } : { value, flags, cas };
}

/** Value and flags of a response, by way of the serializer; throws what that throws. */
export function readValue(
  { serializer }: Pick<Engine, 'serializer'>,
  op: Op,
  { value, extras }: Pick<Reply, 'value' | 'extras'>,
): { value: unknown; flags: Buffer | null } {
  if (serializer === noopSerializer) return { value, flags: extras };
  const read: Serialized<unknown> | null | undefined = serializer.deserialize(op, value, extras as Buffer);
  if (!read) throw invalidType('result of deserialize', 'an object with value and extras', read);
  return { value: read.value, flags: read.extras };
}
