import { wallNow } from '../../clock.ts';
import { md5 } from '../../cluster/distribution/md5.ts';
import { throwLater } from '../../cluster/log.ts';
import type { Client } from '../../index.ts';
import { MAX_KEY_BYTES } from '../../protocol/limits.ts';

/** A client of one server. */
export type ServerClient = Client<string, Buffer | null>;

/**
 * What every method takes last. `this` is the {@link Query}; errors and values are of any type, as in
 * `@types/memcached`, against which programs are written.
 */
// biome-ignore lint/suspicious/noExplicitAny: the types of programs that were written for `memcached` name no others.
export type Callback<T = any> = (this: Query, error: any, result: T) => void;

/** The same of a call that goes to several servers, which has no query of its own. */
// biome-ignore lint/suspicious/noExplicitAny: the same.
export type ListCallback<T = any> = (this: undefined, error: any, result: T) => void;

/** What an argument is to be: `String`, `Number`, `Array` or `Function`. */
// biome-ignore lint/suspicious/noExplicitAny: as `@types/memcached` has it.
export type ArgumentType = (...given: any[]) => any;

/** The arguments that are looked at, each with its type. */
export type Validation = [name: string, type: ArgumentType][];

/** Limits of keys. */
export interface KeyLimits {
  maxKeySize: number;
  keyCompression: boolean;
}

/** What a query is made of. */
export interface QueryParts {
  type: string;
  callback: Callback;
  validate: Validation;
  /** With the namespace. */
  key?: string | string[];
  lifetime?: unknown;
  value?: unknown;
  cas?: unknown;
  number?: unknown;
  slabid?: unknown;
  /** Whether the command goes to further servers, with the option `redundancy`. */
  redundancyEnabled?: boolean;
  /** The line of the text protocol that says the same. */
  line(): string;
  /** Sends the command, with the keys as they go to the server. */
  run(client: ServerClient, key: string, keys: string[]): Promise<unknown>;
}

/** A command on its way: what a callback has as `this`. */
export class Query {
  readonly type: string;
  /** A list where there are several, of which `@types/memcached` does not know: no callback of a list has this. */
  readonly key: string | undefined;
  callback: Callback;
  readonly validate: Validation;
  readonly lifetime: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  readonly value: any;
  readonly cas: string | undefined;
  readonly number: unknown;
  readonly slabid: unknown;
  readonly redundancyEnabled: boolean;
  /** Unix time in milliseconds at which the command was sent. */
  start = 0;
  /** Milliseconds until it was answered. */
  execution = 0;
  readonly #keys: readonly string[];
  readonly #line: () => string;
  readonly #run: QueryParts['run'];

  constructor(parts: QueryParts) {
    this.type = parts.type;
    this.key = parts.key as string | undefined;
    this.#keys = parts.key === undefined ? [] : [parts.key].flat();
    this.callback = parts.callback;
    this.validate = parts.validate;
    this.lifetime = parts.lifetime as number | undefined;
    this.value = parts.value;
    this.cas = parts.cas as string | undefined;
    this.number = parts.number;
    this.slabid = parts.slabid;
    this.redundancyEnabled = parts.redundancyEnabled ?? false;
    this.#line = parts.line;
    this.#run = parts.run;
  }

  /** The command as a line of the text protocol. */
  get command(): string {
    return this.#line();
  }

  /** What is wrong with the arguments, in the words of `memcached`; nothing where they are right. */
  problem(limits: KeyLimits): string | undefined {
    for (const [name, type] of this.validate) {
      const found = this[name as keyof this];
      if (!isA(found, type)) return `Argument "${name}" is not a valid ${type.name}.`;
    }
    for (const key of this.#keys) {
      const unfit = keyProblem(key, limits);
      if (unfit !== undefined) return unfit;
    }
    return undefined;
  }

  send(client: ServerClient, limits: KeyLimits): Promise<unknown> {
    const keys = this.#keys.map((key) => toServerKey(key, limits));
    return this.#run(client, keys[0] ?? '', keys);
  }

  /** What the callback throws is an uncaught exception. */
  settle(error: unknown, result: unknown): void {
    this.execution = this.start === 0 ? 0 : wallNow() - this.start;
    try {
      this.callback.call(this, error, result);
    } catch (thrown) {
      throwLater(thrown);
    }
  }
}

function isA(found: unknown, type: ArgumentType): boolean {
  if (type === Array) return Array.isArray(found);
  if (type === String) return typeof found === 'string';
  if (type === Number) return typeof found === 'number';
  return typeof found === 'function';
}

function keyProblem(key: unknown, { maxKeySize, keyCompression }: KeyLimits): string | undefined {
  if (typeof key !== 'string') return 'Argument "key" is not a valid String.';
  if (isLong(key, maxKeySize)) {
    return keyCompression
      ? undefined
      : `Argument "key" is longer than the maximum allowed length of ${Math.min(maxKeySize, MAX_KEY_BYTES)}`;
  }
  return /\s/.test(key) ? 'The key should not contain any whitespace or new lines' : undefined;
}

function toServerKey(key: string, { maxKeySize }: KeyLimits): string {
  return isLong(key, maxKeySize) ? md5Hex(key) : key;
}

function md5Hex(text: string): string {
  const bytes = Buffer.alloc(16);
  for (const [index, word] of md5(text).entries()) bytes.writeInt32LE(word, index * 4);
  return bytes.toString('hex');
}

/** `memcached` counts characters; what has more bytes than a server takes is as long. */
function isLong(key: string, maxKeySize: number): boolean {
  return key.length > maxKeySize || (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES);
}
