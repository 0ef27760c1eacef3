import { isDate, isMap, isSet, isTypedArray } from 'node:util/types';
import { invalidArgument, type MemcacheError } from '../errors.ts';
import { placeOf, step, tagOf } from './json-losses.ts';
import { MOST_DIGITS } from './layout.ts';
import { hasSymbols, isPlainNumber, MOST_LEVELS, mayHaveNames } from './structured-plain.ts';
import { Tag, typedArrayOf } from './structured-tags.ts';

type Properties = Record<string, unknown>;

/** What JSON is made of instead of a value that it would not keep. Throws `ERR_INVALID_ARGUMENT` for what can't be kept. */
export function toTagged(value: unknown): { value: unknown; tagged: boolean } {
  const writer = new Writer();
  const written = writer.write(value);
  // Where nothing was tagged, the names of properties need no other sign either.
  return writer.tagged ? { value: written, tagged: true } : { value, tagged: false };
}

/** Goes through a value once, with the path to where it is. */
class Writer {
  tagged = false;
  /** From the value down to what is being written. */
  readonly #holders = new Set<object>();
  readonly #path: string[] = [];

  write(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return isPlainNumber(value) ? value : this.#tag(Tag.Number, Object.is(value, -0) ? '-0' : String(value));
      case 'undefined':
        return this.#tag(Tag.Undefined, true);
      case 'bigint':
        return this.#tag(Tag.Bigint, this.#digits(value));
      case 'object':
        return value === null ? null : this.#writeObject(value);
      default:
        throw this.#noForm(`the ${typeof value}`);
    }
  }

  #writeObject(object: object): unknown {
    const holders = this.#holders;
    if (holders.has(object)) throw this.#refusal('what holds itself has no form: there is a cycle');
    if (holders.size >= MOST_LEVELS) throw this.#refusal(`it is nested more than ${MOST_LEVELS} levels deep`);
    holders.add(object);
    const written = this.#writeKind(object);
    holders.delete(object);
    return written;
  }

  #writeKind(object: object): unknown {
    const above = prototypes(object);
    if (isTypedArray(object)) return this.#writeTypedArray(object, above);
    if (above === 2) {
      if (Array.isArray(object)) return this.#writeArray(object);
      if (isDate(object)) return this.#writeDate(object);
      if (isMap(object)) return this.#writeMap(object);
      if (isSet(object)) return this.#writeSet(object);
    }
    if (above > 1 || !isBare(object)) throw this.#noForm(unknownKind(object));
    if (above === 0) return this.#tag(Tag.Dictionary, this.#writeProperties(object));
    return this.#escape(this.#writeProperties(object));
  }

  #writeArray(array: readonly unknown[]): unknown {
    if (hasSymbols(array) || Object.keys(array).length !== array.length) {
      throw this.#noForm('an array with holes, or with properties that have a name');
    }
    return array.map((item, index) => this.#at(`[${index}]`, item));
  }

  /** Of other objects than plain ones it has those that JSON would drop. */
  #writeProperties(object: object): Properties {
    if (hasSymbols(object)) throw this.#noForm('a symbol as a name');
    // Spread defines properties, so that one called __proto__ stays one.
    const written: Properties = { ...object };
    for (const name of Object.keys(written)) written[name] = this.#at(step(object, name), written[name]);
    return written;
  }

  #escape(written: Properties): Properties {
    const name = Object.keys(written)[0] ?? '';
    if (!name.startsWith('$') || Object.keys(written).length > 1) return written;
    return { [`$${name}`]: written[name] };
  }

  #writeTypedArray(array: NodeJS.TypedArray, above: number): unknown {
    if (mayHaveNames(array) && (hasSymbols(array) || Object.keys(array).length !== array.length)) {
      throw this.#propertiesOf(array);
    }
    const { buffer, byteOffset, byteLength } = array;
    const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    if (Buffer.isBuffer(array) && above === 4) return this.#tag(Tag.Buffer, base64);
    const tag = `$${array[Symbol.toStringTag]}`;
    if (above !== 3 || typedArrayOf(tag) === undefined) throw this.#noForm(unknownKind(array));
    return this.#tag(tag, base64);
  }

  #writeDate(date: Date): unknown {
    this.#refuseProperties(date);
    const time = date.getTime();
    return this.#tag(Tag.Date, Number.isNaN(time) ? null : time);
  }

  #writeMap(map: ReadonlyMap<unknown, unknown>): unknown {
    this.#refuseProperties(map);
    const entries = Array.from(map, ([key, value]) => [this.#at('[…]', key), this.#at('[…]', value)]);
    return this.#tag(Tag.Map, entries);
  }

  #writeSet(set: ReadonlySet<unknown>): unknown {
    this.#refuseProperties(set);
    return this.#tag(
      Tag.Set,
      Array.from(set, (item) => this.#at('[…]', item)),
    );
  }

  #refuseProperties(object: object): void {
    if (hasSymbols(object) || Object.keys(object).length > 0) throw this.#propertiesOf(object);
  }

  #propertiesOf(object: object): MemcacheError {
    return this.#noForm(`properties of a ${nameOf(object)}`);
  }

  #digits(value: bigint): string {
    const digits = String(value);
    if (digits.length > MOST_DIGITS) throw this.#noForm(`a bigint of over ${MOST_DIGITS} digits`);
    return digits;
  }

  #at(place: string, value: unknown): unknown {
    this.#path.push(place);
    const written = this.write(value);
    this.#path.pop();
    return written;
  }

  #tag(tag: string, content: unknown): unknown {
    this.tagged = true;
    return { [tag]: content };
  }

  #noForm(what: string): MemcacheError {
    return this.#refusal(`there is no form for ${what}`);
  }

  #refusal(reason: string): MemcacheError {
    const place = placeOf(this.#path.join(''));
    return invalidArgument('value', `${reason}${place}`);
  }
}

/** How many objects stand behind one: 1 of a plain one, one more of an instance of a class that extends something. */
function prototypes(object: object): number {
  let count = 0;
  let next: unknown = Object.getPrototypeOf(object);
  for (; typeof next === 'object' && next !== null && count < 5; next = Object.getPrototypeOf(next)) count++;
  return count;
}

/** Whether an object has nothing behind it but `Object.prototype`, of another realm too, and is no Date without a prototype. */
function isBare(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  const isPlain =
    prototype === null || prototype === Object.prototype || Object.hasOwn(prototype as object, 'isPrototypeOf');
  return isPlain && tagOf(object) === '[object Object]';
}

function unknownKind(object: object): string {
  const name = nameOf(object);
  return name === 'Object' || name === 'Array' ? 'the instance of a class' : `the ${name}`;
}

/** Names of what the language and its libraries have; others may be the caller's, and data. */
function nameOf(object: object): string {
  const name = tagOf(object).slice('[object '.length, -1);
  return name in globalThis ? name : 'Object';
}
