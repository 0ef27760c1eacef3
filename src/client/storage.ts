import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import { Status } from '../protocol/status.ts';
import { noopSerializer, type Serialized } from '../serializers/serializer.ts';
import { invoke } from './callback.ts';
import { ClientCommand, type CommandHost, type CommandOptions, invalid, invalidType } from './command.ts';
import { toExpiration } from './expiration.ts';

/** Options of the commands that store nothing new: `delete`, `append`, `prepend`. */
export interface ChangeOptions extends CommandOptions {
  /** Carry out only if the item's CAS is still this one; otherwise the result is `false`. */
  cas?: bigint | undefined;
}

/** Options of `set`, `add` and `replace`. */
export interface InsertOptions extends ChangeOptions {
  /** The expiration in seconds: 0 is never; from 1,000,000,000 on it is a Unix time. @default the client's `expires` */
  expires?: number | undefined;
  /** The client flags, uint32, which come back with the value. @default 0 */
  flags?: number | undefined;
}

/** A command that is answered with yes or no. */
export class ChangeCommand extends ClientCommand {
  override settle(reply: Reply): void {
    const { status } = reply;
    if (this.listening) this.unlisten();
    if (status === Status.Ok) this.done(true);
    else if (this.isRefusal(status)) this.done(false);
    else this.rejectReply(reply);
  }

  /** Takes over the options of a change; throws `ERR_INVALID_ARGUMENT`. */
  override configure(options: ChangeOptions): void {
    super.configure(options);
    if (options.cas !== undefined && options.cas !== null) this.cas = checkCas(options.cas);
  }

  /** A plain set has no condition that could fail. */
  private isRefusal(status: Status): boolean {
    if (this.op === Op.Set && this.cas === undefined) return false;
    return status === Status.Miss || status === Status.Exists || status === Status.NotStored;
  }

  private done(success: boolean): void {
    if (this.callback !== undefined) invoke(this.callback, null, success);
    else this.resolve?.(success);
  }
}

/** Puts the value of `append` and `prepend` into a command, by way of the serializer. */
export function fillAppend(command: ChangeCommand, value: unknown, client: CommandHost): void {
  if (client.serializer === noopSerializer) command.value = checkValue(value);
  else command.value = checkValue(serialize(command.op, value, Buffer.alloc(0), client).value);
}

/** Puts value, flags and expiration of `set`, `add` and `replace` into a command, by way of the serializer. */
export function fillInsert(
  command: ChangeCommand,
  value: unknown,
  { expires, flags }: InsertOptions,
  client: CommandHost,
): void {
  const expiration = toExpiration(expires, client);
  if (expiration !== 0) command.expiration = expiration;
  if (flags !== undefined && flags !== null) command.flags = checkFlags(flags);
  if (client.serializer === noopSerializer) {
    command.value = checkValue(value);
    return;
  }
  const given = Buffer.alloc(8);
  given.writeUInt32BE(command.flags, 0);
  given.writeUInt32BE(command.expiration, 4);
  const { value: serialized, extras } = serialize(command.op, value, given, client);
  if (!(extras instanceof Uint8Array) || extras.length !== 8) {
    throw invalid('extras from the serializer', 'a Buffer of 8 bytes', extras);
  }
  const buffer = Buffer.from(extras.buffer, extras.byteOffset, 8);
  command.flags = buffer.readUInt32BE(0);
  command.expiration = buffer.readUInt32BE(4);
  command.value = checkValue(serialized);
}

function serialize(op: Op, value: unknown, extras: Buffer, { serializer }: CommandHost): Serialized<unknown, unknown> {
  const serialized: unknown = serializer.serialize(op, value, extras);
  if (typeof serialized === 'object' && serialized !== null) return serialized as Serialized<unknown, unknown>;
  throw invalidType('result of serialize', 'an object with value and extras', serialized);
}

function checkValue(value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw invalidType('value', 'a string, Buffer or Uint8Array', value);
}

export function checkFlags(flags: unknown): number {
  if (Number.isInteger(flags) && (flags as number) >= 0 && (flags as number) <= 0xffffffff) return flags as number;
  throw invalid('flags', 'an integer from 0 to 4,294,967,295', flags);
}

/** A CAS of 0 would mean "no condition" on the wire, so that no item has it. */
export function checkCas(cas: unknown): bigint {
  if (typeof cas === 'bigint' && cas > 0n && cas <= 0xffffffffffffffffn) return cas;
  throw invalid('cas', 'a bigint from 1 to 2^64 − 1', cas);
}
