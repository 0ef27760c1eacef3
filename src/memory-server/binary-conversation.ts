import { DO_NOT_CREATE, HEADER_BYTES, REQUEST_MAGIC } from '../protocol/binary/constants.ts';
import { MAX_KEY_BYTES } from '../protocol/limits.ts';
import { Status } from '../protocol/status.ts';
import { binaryStats } from './binary-stats.ts';
import type { Channel } from './channel.ts';
import type { StoreMode, StoreStatus } from './commands.ts';
import type { Item } from './item.ts';
import { SaslExchange } from './sasl.ts';
import { VERSION } from './stats.ts';
import {
  headLengthOf,
  Opcode,
  RequestFrame,
  writeCounter,
  writeKeyed,
  writeResponse,
  writeValue,
} from './wire/binary.ts';
import { type Conversation, NEVER, NO_BODY } from './wire/request-reader.ts';

/** Longer bodies are refused, whatever the limit of an item. */
const MAX_BODY = 1024 * 1024 * 1024;

/** What memcached reads at once; a head that does not fit there makes it close. */
const MAX_HEAD = 16 * 1024;

/** memcached's texts for the statuses. */
const TEXTS: Readonly<Record<number, string>> = {
  [Status.Miss]: 'Not found',
  [Status.Exists]: 'Data exists for key.',
  [Status.TooLarge]: 'Too large.',
  [Status.InvalidArguments]: 'Invalid arguments',
  [Status.NotStored]: 'Not stored.',
  [Status.NonNumeric]: 'Non-numeric server-side value for incr or decr',
  [Status.AuthError]: 'Auth failure.',
  [Status.UnknownCommand]: 'Unknown command',
  [Status.OutOfMemory]: 'Out of memory',
};

/** A connection that speaks the binary protocol. */
export class BinaryConversation implements Conversation {
  readonly channel: Channel;
  /** Undefined where nobody has to authenticate. */
  readonly #sasl: SaslExchange | undefined;
  readonly #frame = new RequestFrame();
  /** Takes the value that the last head announced. */
  #takeValue: (value: string) => void = () => {};

  constructor(channel: Channel, authentication: boolean) {
    this.channel = channel;
    this.#sasl = authentication ? new SaslExchange(channel) : undefined;
  }

  headLength(buffer: Buffer, start: number, _from: number, end: number): number {
    const length = headLengthOf(buffer, start, end);
    if (length === 0) return 0;
    if (buffer[start] !== REQUEST_MAGIC || length > MAX_HEAD) {
      this.channel.end();
      return NEVER;
    }
    return end - start < length ? 0 : length;
  }

  head(buffer: Buffer, start: number, end: number): number {
    const frame = this.#frame;
    frame.read(buffer, start);
    if (end - start - HEADER_BYTES > frame.bodyLength) return this.#refuseFrame(Status.UnknownCommand);
    if (frame.bodyLength > MAX_BODY) return this.#refuseFrame();
    if (this.#sasl !== undefined && !this.#sasl.allows(frame.loud)) return this.#refuseFrame(Status.AuthError);
    return frame.keyLength > MAX_KEY_BYTES ? this.#refuseFrame() : this.#dispatch(buffer);
  }

  body(buffer: Buffer, start: number, end: number): void {
    this.#takeValue(buffer.toString('latin1', start, end));
  }

  #dispatch(buffer: Buffer): number {
    const frame = this.#frame;
    if (!this.#lengthsFit()) return this.#refuseFrame();
    const at = frame.extrasAt;
    switch (frame.loud) {
      case Opcode.Get:
      case Opcode.GetK:
        return this.#answerFetch(this.channel.commands.get(frame.key));
      case Opcode.Set:
      case Opcode.Add:
      case Opcode.Replace:
        return this.#beginStore(buffer.readUInt32BE(at), buffer.readUInt32BE(at + 4));
      case Opcode.Append:
      case Opcode.Prepend:
        return this.#beginStore(0, 0);
      case Opcode.Touch:
      case Opcode.Gat:
      case Opcode.GatK:
        return this.#touch(buffer.readUInt32BE(at));
      case Opcode.Delete:
        return this.#delete();
      case Opcode.Increment:
      case Opcode.Decrement:
        return this.#count(buffer, at);
      case Opcode.Flush:
        return this.#flush(frame.extrasLength === 0 ? 0 : buffer.readUInt32BE(at));
      case Opcode.Stat:
        return this.#stat();
      default:
        return this.#dispatchRest();
    }
  }

  /** Whether the header's lengths can belong to its command. */
  #lengthsFit(): boolean {
    const { loud, keyLength, extrasLength, bodyLength } = this.#frame;
    const withoutValue = bodyLength === keyLength + extrasLength;
    switch (loud) {
      case Opcode.Get:
      case Opcode.GetK:
      case Opcode.Delete:
        return extrasLength === 0 && keyLength > 0 && withoutValue;
      case Opcode.Set:
      case Opcode.Add:
      case Opcode.Replace:
        return extrasLength === 8 && keyLength > 0;
      case Opcode.Append:
      case Opcode.Prepend:
      case Opcode.SaslAuth:
      case Opcode.SaslStep:
        return extrasLength === 0 && keyLength > 0;
      case Opcode.Touch:
      case Opcode.Gat:
      case Opcode.GatK:
        // memcached does not mind a value here; it takes it for the next request.
        return extrasLength === 4 && keyLength > 0;
      case Opcode.Increment:
      case Opcode.Decrement:
        return extrasLength === 20 && keyLength > 0 && withoutValue;
      case Opcode.Flush:
        return keyLength === 0 && withoutValue && (extrasLength === 0 || extrasLength === 4);
      case Opcode.Stat:
        return extrasLength === 0;
      case Opcode.Noop:
      case Opcode.Version:
      case Opcode.Quit:
      case Opcode.SaslList:
        return bodyLength === 0;
      default:
        return true;
    }
  }

  /** The commands that have nothing but a header, and authentication. */
  #dispatchRest(): number {
    const frame = this.#frame;
    switch (frame.loud) {
      case Opcode.Noop:
        this.#answer('');
        this.channel.settle();
        return NO_BODY;
      case Opcode.Version:
        return this.#answer(VERSION);
      case Opcode.Quit:
        this.#answer('');
        this.channel.settle();
        this.channel.end();
        return NO_BODY;
      case Opcode.SaslList:
        return this.#sasl === undefined ? this.#unknown(0) : this.#answer(this.#sasl.list());
      case Opcode.SaslAuth:
      case Opcode.SaslStep:
        return this.#sasl === undefined ? this.#unknown(frame.valueLength) : this.#authenticate(this.#sasl);
      default:
        // memcached has read extras and key by now, and yet skips as many bytes as the whole body has.
        return this.#unknown(frame.bodyLength);
    }
  }

  #unknown(bytes: number): number {
    writeResponse(this.channel.output, this.#frame, Status.UnknownCommand, TEXTS[Status.UnknownCommand]);
    if (bytes > 0) this.channel.skip(bytes);
    else this.channel.settle();
    return NO_BODY;
  }

  /** A header that can't be right, or no login: an error, and the connection is over. */
  #refuseFrame(status: number = Status.InvalidArguments): number {
    this.#fail(status);
    this.channel.end();
    return NO_BODY;
  }

  /** Success, which quiet commands keep to themselves. */
  #answer(body: string, cas = 0n): number {
    if (!this.#frame.quiet) writeResponse(this.channel.output, this.#frame, Status.Ok, body, cas);
    return NO_BODY;
  }

  /** Failure, which quiet commands tell too. */
  #fail(status: number, text = TEXTS[status] ?? ''): number {
    writeResponse(this.channel.output, this.#frame, status, text);
    this.channel.settle();
    return NO_BODY;
  }

  #answerFetch(item: Item | undefined): number {
    const frame = this.#frame;
    const withKey = frame.loud === Opcode.GetK || frame.loud === Opcode.GatK;
    const { output } = this.channel;
    if (item !== undefined) {
      this.channel.refer(item);
      const value = frame.loud === Opcode.Touch ? '' : item.value;
      writeValue(output, frame, item.flags, withKey ? item.key : '', value, item.cas);
    } else if (!frame.quiet) {
      if (!withKey) return this.#fail(Status.Miss);
      writeKeyed(output, frame, Status.Miss, frame.key, '');
    }
    return NO_BODY;
  }

  #touch(expiration: number): number {
    const { commands } = this.channel;
    return this.#answerFetch(commands.touch(this.#frame.key, commands.store.expirationOf(expiration)));
  }

  #delete(): number {
    switch (this.channel.commands.delete(this.#frame.key, this.#frame.cas)) {
      case 'deleted':
        return this.#answer('');
      case 'exists':
        return this.#fail(Status.Exists);
      default:
        return this.#fail(Status.Miss);
    }
  }

  #beginStore(flags: number, sentExpiration: number): number {
    const frame = this.#frame;
    const { commands } = this.channel;
    const { valueLength } = frame;
    const room = commands.store.roomFor(frame.keyLength, flags, valueLength);
    if (room !== 'ok') return this.#refuseStore(room, valueLength);
    const mode = this.#modeOf(frame.loud);
    const expiration = commands.store.expirationOf(sentExpiration);
    this.#takeValue = (value) => {
      const compares = frame.cas !== 0n && mode !== 'append' && mode !== 'prepend';
      const { key, cas } = frame;
      const newCas = commands.store.nextCas();
      const result = commands.put({ mode: compares ? 'cas' : mode, key, value, flags, expiration, cas, newCas });
      if (result.status === 'stored') this.#answer('', result.cas);
      else this.#fail(statusOf(result.status, frame.loud));
    };
    return valueLength;
  }

  #refuseStore(room: 'tooLarge' | 'outOfMemory', valueLength: number): number {
    const frame = this.#frame;
    const { output, commands } = this.channel;
    if (room === 'tooLarge') {
      writeResponse(output, frame, Status.TooLarge, TEXTS[Status.TooLarge]);
    } else {
      writeResponse(output, frame, Status.OutOfMemory, 'Out of memory allocating item');
    }
    if (frame.loud === Opcode.Set) commands.refuse(frame.key);
    if (valueLength > 0) this.channel.skip(valueLength);
    return NO_BODY;
  }

  #modeOf(opcode: number): StoreMode {
    switch (opcode) {
      case Opcode.Add:
        return 'add';
      case Opcode.Replace:
        return 'replace';
      case Opcode.Append:
        return 'append';
      case Opcode.Prepend:
        return 'prepend';
      default:
        return 'set';
    }
  }

  #count(buffer: Buffer, at: number): number {
    const frame = this.#frame;
    const { commands } = this.channel;
    const up = frame.loud === Opcode.Increment;
    const result = commands.delta(frame.key, up, buffer.readBigUInt64BE(at), frame.cas);
    switch (result.status) {
      case 'ok':
        return this.#answerCounter(result.value, result.item?.cas ?? 0n);
      case 'nonNumeric':
        return this.#fail(Status.NonNumeric);
      case 'exists':
        return this.#fail(Status.Exists);
      default:
        return this.#createCounter(up, buffer.readBigUInt64BE(at + 8), buffer.readUInt32BE(at + 16));
    }
  }

  #createCounter(up: boolean, initial: bigint, sentExpiration: number): number {
    const { commands } = this.channel;
    if (sentExpiration === DO_NOT_CREATE) {
      commands.deltaMissed(up);
      return this.#fail(Status.Miss);
    }
    const value = initial.toString();
    const { key } = this.#frame;
    if (commands.store.roomFor(key.length, 0, value.length) !== 'ok') {
      return this.#fail(Status.OutOfMemory, 'Out of memory allocating new item');
    }
    const expiration = commands.store.expirationOf(sentExpiration);
    const newCas = commands.store.nextCas();
    const result = commands.put({ mode: 'add', key, value, flags: 0, expiration, cas: 0n, newCas });
    return this.#answerCounter(initial, result.cas);
  }

  #answerCounter(value: bigint, cas: bigint): number {
    if (!this.#frame.quiet) writeCounter(this.channel.output, this.#frame, value, cas);
    return NO_BODY;
  }

  #flush(delay: number): number {
    this.channel.commands.store.flush(delay);
    return this.#answer('');
  }

  #stat(): number {
    const { output, commands, facts } = this.channel;
    const statistics = binaryStats(this.#frame.key, commands.store, facts);
    if (statistics === undefined) return this.#fail(Status.Miss);
    for (const [name, value] of statistics) writeKeyed(output, this.#frame, Status.Ok, name, value);
    return NO_BODY;
  }

  #authenticate(sasl: SaslExchange): number {
    const frame = this.#frame;
    const { valueLength } = frame;
    const refusal = sasl.refusal(frame.keyLength, valueLength);
    if (refusal !== undefined) {
      writeResponse(this.channel.output, frame, refusal, TEXTS[refusal]);
      if (valueLength > 0) this.channel.skip(valueLength);
      return NO_BODY;
    }
    this.#takeValue = (value) => {
      const status = sasl.take(frame.loud === Opcode.SaslAuth, frame.key, value);
      if (status === Status.Ok) this.#answer('Authenticated');
      else this.#fail(status, status === Status.AuthContinue ? '' : undefined);
    };
    return valueLength;
  }
}

function statusOf(status: StoreStatus, opcode: number): number {
  if (status === 'exists') return Status.Exists;
  if (status === 'notFound') return Status.Miss;
  if (opcode === Opcode.Add) return Status.Exists;
  return opcode === Opcode.Replace ? Status.Miss : Status.NotStored;
}
