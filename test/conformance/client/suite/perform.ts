import { describe, expect, it } from 'vitest';
import { Utils } from '../../../../src/index.ts';
import { called, failure } from '../../../support/outcomes.ts';
import type { Target } from './target.ts';

interface Message {
  header: { opcode: number; status: number; opaque: number; totalBodyLength: number; cas: Buffer };
  key: Buffer;
  extras: Buffer;
  val: Buffer;
}

export function describePerform(target: Target): void {
  describe('perform', () => {
    if (target.protocol !== 'binary') {
      it('says that it needs the binary protocol', async () => {
        const frame = Utils.makeRequestBuffer(0, 'key', '', '', 1);
        const [error] = await called((done) => target.client.perform('key', frame, 1, done));
        expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_UNSUPPORTED' });
        expect((error as Error).message).toMatch(/binary/);
      });
      return;
    }

    /** Sends a frame and gives back its response. */
    async function perform(opcode: number, key: string, extras = '', value = '', seq?: number): Promise<Message> {
      const { client } = target;
      client.incrSeq();
      const opaque = seq ?? client.seq;
      const frame = Utils.makeRequestBuffer(opcode, key, Buffer.from(extras, 'hex'), value, opaque);
      const [error, message] = await called((done) => client.perform(key, frame, opaque, done));
      if (error) throw error;
      expect((message as Message).header.opaque).toBe(opaque);
      return message as Message;
    }

    it("hands over the whole response in MemJS's form", async () => {
      const key = target.key();
      const set = await perform(1, key, '0000000500000000', 'value');
      expect(set.header).toMatchObject({ opcode: 1, status: 0, totalBodyLength: 0 });
      expect(set.header.cas.equals(Buffer.alloc(8))).toBe(!target.can.cas);
      const get = await perform(0, key);
      expect(get.header).toMatchObject({ opcode: 0, status: 0, totalBodyLength: 9 });
      expect(get.extras).toEqual(Buffer.from([0, 0, 0, 5]));
      expect(get.val).toEqual(Buffer.from('value'));
      expect(get.key).toEqual(Buffer.alloc(0));
    });

    it('hands over a status other than 0 as it is, and logs nothing', async () => {
      expect((await perform(0, target.key('gone'))).header.status).toBe(1);
      const key = target.key();
      await target.client.set(key, 'text');
      const extras = '00000000000000010000000000000000ffffffff';
      expect((await perform(5, key, extras)).header.status).toBe(6);
      expect(target.log).toEqual([]);
    });

    it('sends commands that have no method of their own', async () => {
      const version = await perform(0x0b, '');
      expect(version.val.toString()).toMatch(/^\d+\.\d+/);
      expect((await perform(0x0a, '')).header).toMatchObject({ opcode: 0x0a, status: 0 });
      const key = target.key();
      await target.client.set(key, 'value');
      const getk = await perform(0x0c, key);
      expect([getk.key.toString(), getk.val.toString()]).toEqual([key, 'value']);
    });

    it('takes any opaque', async () => {
      for (const seq of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
        expect((await perform(0x0a, '', '', '', seq)).header.status).toBe(0);
      }
    });

    it('goes in between other commands without harm to them', async () => {
      const key = target.key();
      await target.client.set(key, 'value');
      const [first, performed, last] = await Promise.all([
        target.client.get(key),
        perform(0, key),
        target.client.get(key),
      ]);
      expect([first.value, performed.val, last.value].map(String)).toEqual(['value', 'value', 'value']);
    });

    it('needs no callback', async () => {
      const key = target.key();
      target.client.incrSeq();
      const { seq } = target.client;
      const frame = Utils.makeRequestBuffer(1, key, Buffer.alloc(8), 'value', seq);
      expect(target.client.perform(key, frame, seq)).toBeUndefined();
      expect(await target.text(key)).toBe('value');
    });

    it('calls back with the error of a connection', async () => {
      const proxy = await target.proxy();
      proxy.refuse();
      const client = target.create({ retries: 1 }, proxy.address);
      const frame = Utils.makeRequestBuffer(0, 'key', '', '', 1);
      const [error, message] = await called((done) => client.perform('key', frame, 1, done));
      expect(error).toMatchObject({ name: 'MemcacheError', code: 'ERR_CONNECT', server: proxy.address });
      expect(message).toBeNull();
    });

    it('refuses what is no whole frame', async () => {
      const whole = Utils.makeRequestBuffer(0, 'key', '', '', 1);
      for (const frame of [whole.subarray(0, 20), whole.subarray(0, 26), Buffer.alloc(0), 'text' as never]) {
        const [error] = await called((done) => target.client.perform('key', frame, 1, done));
        expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      }
      expect(await failure(target.client.set(target.key(), 5 as never))).toMatchObject({
        code: 'ERR_INVALID_ARGUMENT',
      });
    });
  });
}
