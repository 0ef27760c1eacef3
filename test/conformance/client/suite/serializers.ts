import { describe, expect, it } from 'vitest';
import { jsonSerializer, type Serializer } from '../../../../src/index.ts';
import { dalliSerializer } from '../../../../src/serializers/foreign/dalli.ts';
import { called, failure } from '../../../support/outcomes.ts';
import { flagsOf, type Target } from './target.ts';

type Call = { what: 'serialize' | 'deserialize'; opcode: number; value: unknown; extras: Buffer };

/** Passes everything unchanged and keeps what it was called with. */
class Recorder implements Serializer<string | Uint8Array, Buffer | null> {
  readonly calls: Call[] = [];

  serialize(
    opcode: number,
    value: string | Uint8Array,
    extras: Buffer,
  ): { value: string | Uint8Array; extras: Buffer } {
    this.calls.push({ what: 'serialize', opcode, value, extras: Buffer.from(extras) });
    return { value, extras };
  }

  deserialize(opcode: number, value: Buffer | null, extras: Buffer): { value: Buffer | null; extras: Buffer } {
    this.calls.push({ what: 'deserialize', opcode, value, extras: Buffer.from(extras) });
    return { value, extras };
  }
}

const json: Serializer<unknown, unknown> = {
  serialize: (_opcode, value, extras) => ({ value: JSON.stringify(value), extras }),
  deserialize: (_opcode, value, extras) => ({ value: value === null ? null : JSON.parse(value.toString()), extras }),
};

export function describeSerializers(target: Target): void {
  describe('serializers', () => {
    it("are called with the binary protocol's opcode and extras, whatever protocol is spoken", async () => {
      const serializer = new Recorder();
      const client = target.create({ serializer });
      const key = target.key();
      await client.set(key, 'v', { flags: 0x01020304, expires: 100 });
      await client.delete(key);
      await client.add(key, 'v', { expires: 200 });
      await client.replace(key, 'v', { flags: 5 });
      await client.append(key, 'b');
      await client.prepend(key, 'a');
      await client.get(key);
      await client.get(target.key('gone'));
      expect(serializer.calls).toEqual([
        { what: 'serialize', opcode: 1, value: 'v', extras: Buffer.from('0102030400000064', 'hex') },
        { what: 'serialize', opcode: 2, value: 'v', extras: Buffer.from('00000000000000c8', 'hex') },
        { what: 'serialize', opcode: 3, value: 'v', extras: Buffer.from('0000000500000000', 'hex') },
        { what: 'serialize', opcode: 0x0e, value: 'b', extras: Buffer.alloc(0) },
        { what: 'serialize', opcode: 0x0f, value: 'a', extras: Buffer.alloc(0) },
        { what: 'deserialize', opcode: 0, value: Buffer.from('avb'), extras: flagsOf(5) },
      ]);
    });

    it('may change value, flags and expiration', async () => {
      const client = target.create({
        serializer: {
          serialize: (_opcode: number, value: string, extras: Buffer) => {
            const changed = Buffer.from(extras);
            changed.writeUInt32BE(0xcafebabe, 0);
            return { value: `<${value}>`, extras: changed };
          },
          deserialize: (_opcode: number, value: Buffer | null, extras: Buffer) => ({
            value: `${value}!`,
            extras: Buffer.from([...extras].reverse()),
          }),
        },
      });
      const key = target.key();
      await client.set(key, 'text');
      expect(await target.client.get(key)).toEqual({ value: Buffer.from('<text>'), flags: flagsOf(0xcafebabe) });
      expect(await client.get(key)).toEqual({ value: '<text>!', flags: flagsOf(0xbebafeca) });
      expect(await called((done) => client.get(key, done))).toEqual([null, '<text>!', flagsOf(0xbebafeca)]);
    });

    it('may change the expiration to one that has passed', async () => {
      const client = target.create({
        serializer: {
          serialize: (_opcode: number, value: string) => ({ value, extras: Buffer.from('0000000700278d01', 'hex') }),
          deserialize: (_opcode: number, value: Buffer | null, extras: Buffer) => ({ value, extras }),
        },
      });
      const key = target.key();
      expect(await client.set(key, 'text')).toBe(true);
      expect(await client.get(key)).toEqual({ value: null, flags: null });
    });

    it('widen what a value may be', async () => {
      const client = target.create({ serializer: json });
      const key = target.key();
      for (const value of [{ a: [1, null] }, 5, true, null, 'text']) {
        expect(await client.set(key, value)).toBe(true);
        expect((await client.get(key)).value).toEqual(value);
      }
    });

    it('that throw when they serialize make the command fail, with nothing sent', async () => {
      const client = target.create({ serializer: json });
      const key = target.key();
      const circular: { self?: unknown } = {};
      circular.self = circular;
      for (const command of ['set', 'add', 'replace', 'append', 'prepend'] as const) {
        expect(await failure(client[command](key, circular))).toBeInstanceOf(TypeError);
        const [error] = await called((done) => client[command](key, circular, {}, done));
        expect(error).toBeInstanceOf(TypeError);
      }
      expect(await target.text(key)).toBeNull();
    });

    it('that throw when they deserialize make that command fail, and no other', async () => {
      const client = target.create({ serializer: json });
      const key = target.key();
      const good = target.key();
      await target.client.set(key, 'not JSON');
      await client.set(good, 'good');
      const [first, bad, last] = await Promise.allSettled([client.get(good), client.get(key), client.get(good)]);
      expect([first.status, bad.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await failure(client.get(key))).toBeInstanceOf(SyntaxError);
      const [error, value] = await called((done) => client.get(key, done));
      expect(error).toBeInstanceOf(SyntaxError);
      expect(value).toBeNull();
    });

    it.each([
      ['a number for the value', { value: 5, extras: Buffer.alloc(8) }],
      ['no value', { extras: Buffer.alloc(8) }],
      ['null for the value', { value: null, extras: Buffer.alloc(8) }],
      ['extras that are too short', { value: 'x', extras: Buffer.alloc(7) }],
      ['extras that are too long', { value: 'x', extras: Buffer.alloc(9) }],
      ['no extras', { value: 'x' }],
    ])('that serialize to %s make the command fail', async (_what, wrong) => {
      const client = target.create({
        serializer: { serialize: () => wrong as { value: string; extras: Buffer }, deserialize: json.deserialize },
      });
      const key = target.key();
      const error = await failure(client.set(key, 'x'));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_INVALID_ARGUMENT' });
      expect(await target.text(key)).toBeNull();
    });

    it.each([[undefined], [null], ['text']])('that return %j, and no object, make the command fail', async (wrong) => {
      // What the types forbid is what is tried here.
      const serializer = { serialize: () => wrong, deserialize: () => wrong } as unknown as Serializer<string, string>;
      const client = target.create({ serializer });
      const key = target.key();
      for (const command of ['set', 'add', 'replace', 'append', 'prepend'] as const) {
        expect(await failure(client[command](key, 'x'))).toBeInstanceOf(Error);
      }
      if (typeof wrong === 'string') return;
      await target.client.set(key, 'there');
      expect(await failure(client.get(key))).toBeInstanceOf(Error);
      expect((await called((done) => client.get(key, done)))[0]).toBeInstanceOf(Error);
    });

    it('read a counter that decrement has made shorter', async () => {
      for (const serializer of [
        jsonSerializer<unknown, unknown>(),
        dalliSerializer() as Serializer<unknown, unknown>,
      ]) {
        const client = target.create({ serializer });
        const key = target.key();
        await client.increment(key, 1, { initial: 1000 });
        expect(await client.decrement(key, 991)).toEqual({ success: true, value: 9 });
        expect((await client.get(key)).value).toBe('9');
        expect((await client.getMulti([key])).get(key)?.value).toBe('9');
      }
    });

    it('may be replaced on the client', async () => {
      const client = target.create<unknown, unknown>();
      const key = target.key();
      client.serializer = json;
      await client.set(key, { a: 1 });
      expect((await client.get(key)).value).toEqual({ a: 1 });
    });
  });
}
