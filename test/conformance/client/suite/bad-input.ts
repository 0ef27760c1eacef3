import { describe, expect, it } from 'vitest';
import { type Client, MemcacheError } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

// biome-ignore lint/suspicious/noExplicitAny: what the types forbid is what is tried here.
type Loose = Record<string, (...args: any[]) => any>;

const loose = (client: Client): Loose => client as unknown as Loose;

/** Each command, with good arguments behind the key. */
const COMMANDS: [name: string, rest: unknown[]][] = [
  ['get', []],
  ['set', ['v']],
  ['add', ['v']],
  ['replace', ['v']],
  ['append', ['v']],
  ['prepend', ['v']],
  ['delete', []],
  ['increment', [1]],
  ['decrement', [1]],
  ['touch', [60]],
  ['inspect', []],
];

const BAD_KEYS: [what: string, key: unknown, found: RegExp][] = [
  ['an empty string', '', /empty/],
  ['an empty Buffer', Buffer.alloc(0), /empty/],
  ['251 bytes', 'k'.repeat(251), /251 bytes/],
  ['249 characters of two bytes', 'é'.repeat(249), /498 bytes/],
  ['84 characters of three bytes', '€'.repeat(84), /252 bytes/],
  ['undefined', undefined, /undefined/],
  ['null', null, /null/],
  ['a number', 5, /number/],
  ['an object', { secret: 1 }, /object/],
  ['a lone surrogate', 'a\ud800', /surrogate/],
];

const BAD_VALUES: [what: string, value: unknown, found: RegExp][] = [
  ['a number', 98_765, /type number/],
  ['a boolean', true, /type boolean/],
  ['null', null, /null/],
  ['undefined', undefined, /undefined/],
  ['an object', { secret: 1 }, /type object/],
  ['an array', ['secret'], /array/],
  ['an ArrayBuffer', new ArrayBuffer(4), /type object/],
  ['a bigint', 98_765n, /type bigint/],
];

const BAD_AMOUNTS: unknown[] = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1n, 2n ** 64n, '5', {}, null];
const BAD_EXPIRATIONS: unknown[] = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '60', {}, true];
const BAD_FLAGS: unknown[] = [-1, 1.5, Number.NaN, 2 ** 32, '1', {}, 1n];
const BAD_CAS: unknown[] = [-1n, 2n ** 64n, 5, '5', {}];
const BAD_TIMEOUTS: unknown[] = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', {}];

export function describeBadInput(target: Target): void {
  /** Tries a call with a promise and with a callback; nothing may be thrown. */
  async function refused(command: string, args: unknown[], options?: object): Promise<MemcacheError> {
    const client = target.create();
    const call = loose(client)[command] as Loose[string];
    const withOptions = options === undefined ? args : [...args, options];
    const error = await failure(call.apply(client, withOptions));
    const [calledWith] = await called((done) => call.apply(client, [...args, options ?? null, done]));
    expect(error).toBeInstanceOf(MemcacheError);
    expect(calledWith).toMatchObject({ name: 'MemcacheError', message: error.message });
    expect((calledWith as MemcacheError).code).toBe(error.code);
    expect(error.message).not.toMatch(/secret|98.?765/);
    return error as MemcacheError;
  }

  describe('bad input', () => {
    it.each(BAD_KEYS)('as a key: %s', async (_what, key, found) => {
      for (const [command, rest] of COMMANDS) {
        // Callback-last needs options in front of it only where the command has them.
        const error = await refused(command, [key, ...rest]);
        expect(error.code).toBe('ERR_INVALID_KEY');
        expect(error.message).toMatch(/key.*1 to 250 bytes/);
        expect(error.message).toMatch(found);
      }
    });

    it.each(BAD_VALUES)('as a value: %s', async (_what, value, found) => {
      const key = target.key();
      for (const command of ['set', 'add', 'replace', 'append', 'prepend']) {
        const error = await refused(command, [key, value]);
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/value.*string, Buffer or Uint8Array/);
        expect(error.message).toMatch(found);
      }
      expect(await target.text(key)).toBeNull();
    });

    it.each(BAD_AMOUNTS.map((amount) => [amount]))('as an amount: %s', async (amount) => {
      const key = target.key('n');
      for (const command of ['increment', 'decrement']) {
        const error = await refused(command, [key, amount]);
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/amount.*integer/);
        if (amount === null) continue;
        const initial = await refused(command, [key, 1], { initial: amount });
        expect(initial.code).toBe('ERR_INVALID_ARGUMENT');
        expect(initial.message).toMatch(/initial.*integer/);
      }
      expect(await target.text(key)).toBeNull();
    });

    it.each(BAD_EXPIRATIONS.map((expires) => [expires]))('as an expiration: %s', async (expires) => {
      const key = target.key();
      for (const [command, rest] of COMMANDS) {
        if (!['set', 'add', 'replace', 'increment', 'decrement'].includes(command)) continue;
        const error = await refused(command, [key, ...rest], { expires });
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/expires.*seconds/);
      }
      const touched = await refused('touch', [key, expires]);
      expect(touched.code).toBe('ERR_INVALID_ARGUMENT');
      const flushed = await failure(loose(target.create()).flush?.({ expires }));
      expect(flushed).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(await target.text(key)).toBeNull();
    });

    it.each(BAD_FLAGS.map((flags) => [flags]))('as flags: %s', async (flags) => {
      const key = target.key();
      for (const command of ['set', 'add', 'replace']) {
        const error = await refused(command, [key, 'v'], { flags });
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/flags.*integer/);
      }
      expect(await target.text(key)).toBeNull();
    });

    it.each(BAD_CAS.map((cas) => [cas]))('as a CAS: %s', async (cas) => {
      const key = target.key();
      await target.client.set(key, '1');
      for (const [command, rest] of COMMANDS) {
        if (['get', 'inspect', 'touch', 'add'].includes(command)) continue;
        const error = await refused(command, [key, ...rest], { cas });
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/cas.*bigint/);
      }
      expect(await target.text(key)).toBe('1');
    });

    it.each(BAD_TIMEOUTS.map((timeout) => [timeout]))('as a timeout: %s', async (timeout) => {
      for (const [command, rest] of COMMANDS) {
        const error = await refused(command, [target.key(), ...rest], { timeout });
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/timeout.*seconds/);
      }
    });

    it.each([[{}], ['abort'], [5]])('as a signal: %j', async (signal) => {
      for (const [command, rest] of COMMANDS) {
        const error = await refused(command, [target.key(), ...rest], { signal });
        expect(error.code).toBe('ERR_INVALID_ARGUMENT');
        expect(error.message).toMatch(/signal.*AbortSignal/);
      }
    });

    it('as a group of statistics', async () => {
      const client = target.create();
      for (const group of [5, null, 'g'.repeat(251)]) {
        expect(await failure(loose(client).statsWithKey?.(group))).toMatchObject({ name: 'MemcacheError' });
      }
    });

    it('sends nothing', async () => {
      const proxy = await target.proxy();
      const client = loose(target.create({}, proxy.address));
      for (const [, key] of BAD_KEYS) await failure(client.get?.(key));
      await failure(client.set?.('key', 5));
      await failure(client.increment?.('key', -1));
      expect(proxy.connections).toBe(0);
    });
  });
}
