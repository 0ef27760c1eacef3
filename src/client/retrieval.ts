import type { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import { Status } from '../protocol/status.ts';
import { noopSerializer, type Serialized } from '../serializers/serializer.ts';
import { invoke } from './callback.ts';
import { ClientCommand, type CommandHost, type CommandOptions, invalidType } from './command.ts';

/** Options of `get`. */
export interface GetOptions extends CommandOptions {
  /** Whether the result has to tell the item's CAS, for a later `{ cas }`. @default false */
  cas?: boolean | undefined;
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

/** Value and flags of a response, by way of the serializer; throws what that throws. */
export function readValue(
  { serializer }: CommandHost,
  op: Op,
  { value, extras }: Pick<Reply, 'value' | 'extras'>,
): { value: unknown; flags: Buffer | null } {
  if (serializer === noopSerializer) return { value, flags: extras };
  const read: Serialized<unknown> | null | undefined = serializer.deserialize(op, value, extras as Buffer);
  if (!read) throw invalidType('result of deserialize', 'an object with value and extras', read);
  return { value: read.value, flags: read.extras };
}

/** A command that is answered with a value. */
export class RetrievalCommand extends ClientCommand {
  override settle(reply: Reply): void {
    if (reply.status !== Status.Ok && this.sentAgain(reply)) return;
    if (this.listening) this.unlisten();
    if (reply.status === Status.Ok) this.hit(reply);
    else if (reply.status === Status.Miss) this.done(null, null, undefined);
    else this.rejectReply(reply);
  }

  private hit(reply: Reply): void {
    const cas = this.returnCas ? reply.cas : undefined;
    if (cas === 0n) {
      this.reject(this.casOff());
      return;
    }
    if (this.client.serializer === noopSerializer) {
      this.done(reply.value, reply.extras, cas);
      return;
    }
    let found: { value: unknown; flags: Buffer | null };
    try {
      found = readValue(this.client, this.op, reply);
    } catch (error) {
      this.reject(error);
      return;
    }
    this.done(found.value, found.flags, cas);
  }

  private done(value: unknown, flags: Buffer | null, cas: bigint | undefined): void {
    if (this.callback !== undefined) invoke(this.callback, null, value, flags);
    else this.resolve?.(cas === undefined ? { value, flags } : { value, flags, cas });
  }
}
