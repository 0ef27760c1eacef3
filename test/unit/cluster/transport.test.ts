import { describe, expect, it } from 'vitest';
import {
  Client,
  type FrameTransport,
  Header,
  MemcacheError,
  type Response,
  type ResponseListener,
  Server,
} from '../../../src/index.ts';

/** A custom transport: keeps the frames, and answers as given. */
class Transport implements FrameTransport {
  readonly host = 'own';
  readonly port = 1;
  wakeupAt: number | undefined = undefined;
  readonly frames: Buffer[] = [];
  closed = 0;
  onFrame: (frame: Buffer, transport: Transport) => void = () => {};
  readonly #responses = new Map<number, ResponseListener>();
  readonly #errors = new Map<number, (error: Error) => void>();

  write(frame: Buffer): void {
    this.frames.push(Buffer.from(frame));
    this.onFrame(frame, this);
  }

  onResponse(seq: number, fn: ResponseListener): void {
    this.#responses.set(seq, fn);
  }

  onError(seq: number, fn: (error: Error) => void): void {
    this.#errors.set(seq, fn);
  }

  answer(frame: Buffer, status: number, val: Buffer | null = null, extras: Buffer | null = null): void {
    const { opaque } = Header.fromBuffer(frame);
    const totalBodyLength = (val?.length ?? 0) + (extras?.length ?? 0);
    // MemJS's contract asks for no more of a message than this.
    const message = { header: { status, opaque, totalBodyLength }, val, extras } as unknown as Response;
    this.#responses.get(opaque)?.(message);
  }

  fail(frame: Buffer, error: Error): void {
    this.#errors.get(Header.fromBuffer(frame).opaque)?.(error);
  }

  close(): void {
    this.closed += 1;
  }
}

const silentLogger = { log(): void {} };

function clientWith(transport: FrameTransport, options: object = {}): Client {
  return new Client([transport], { logger: silentLogger, retry_delay: 0.001, ...options });
}

describe('a custom transport', () => {
  it('gets one whole frame for a command, in the same turn, with seq for its opaque', () => {
    const transport = new Transport();
    const client = clientWith(transport);
    client.seq = 41;
    client.set('key', 'value', { expires: 60 }, () => {});
    expect(transport.frames).toHaveLength(1);
    expect(client.seq).toBe(42);
    expect(transport.frames[0]?.toString('hex')).toBe(
      '80010003080000000000001000' + '00002a0000000000000000000000000000003c' + '6b657976616c7565',
    );
  });

  it('may answer from inside write', async () => {
    const transport = new Transport();
    transport.onFrame = (frame) => transport.answer(frame, 0, Buffer.from('value'), Buffer.from([0, 0, 0, 1]));
    const client = clientWith(transport);
    expect(await client.get('key')).toEqual({ value: Buffer.from('value'), flags: Buffer.from([0, 0, 0, 1]) });
    const called: unknown[][] = [];
    client.get('key', (...args) => called.push(args));
    expect(called).toEqual([[null, Buffer.from('value'), Buffer.from([0, 0, 0, 1])]]);
  });

  it('may answer in any order', async () => {
    const transport = new Transport();
    const client = clientWith(transport);
    const found = ['a', 'b', 'c'].map((key) => client.get(key));
    for (const frame of [...transport.frames].reverse()) {
      transport.answer(frame, 0, frame.subarray(24), Buffer.alloc(4));
    }
    expect((await Promise.all(found)).map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  });

  it('is asked again after an error, as often as retries says', async () => {
    const transport = new Transport();
    const own = new Error('own');
    transport.onFrame = (frame) => transport.fail(frame, own);
    const client = clientWith(transport, { retries: 3 });
    await expect(client.get('key')).rejects.toBe(own);
    expect(transport.frames).toHaveLength(3);
    transport.onFrame = (frame) =>
      transport.frames.length < 5 ? transport.fail(frame, own) : transport.answer(frame, 1);
    expect(await client.get('key')).toEqual({ value: null, flags: null });
  });

  it('is not waited for longer than the time that there is', async () => {
    const client = clientWith(new Transport(), { retries: 1 });
    const start = performance.now();
    await expect(client.get('key', { timeout: 0.05 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(performance.now() - start).toBeLessThan(50 + 250);
  });

  it('that throws from write makes the command fail', async () => {
    const transport = new Transport();
    transport.onFrame = () => {
      throw new Error('from write');
    };
    await expect(clientWith(transport, { retries: 1 }).get('key')).rejects.toThrow('from write');
  });

  it('settles a command once, whatever it says after that', async () => {
    const transport = new Transport();
    const called: unknown[] = [];
    transport.onFrame = (frame) => {
      transport.answer(frame, 0, Buffer.from('1'), Buffer.alloc(4));
      transport.answer(frame, 1);
      transport.fail(frame, new Error('late'));
    };
    clientWith(transport, { retries: 3 }).get('key', (...args) => called.push(args));
    await new Promise(setImmediate);
    expect(called).toHaveLength(1);
    expect(transport.frames).toHaveLength(1);
  });

  it('is a Server whose write was replaced, too', async () => {
    const server = new Server('host', 1);
    server.write = (frame: Buffer): void => {
      const { opaque } = Header.fromBuffer(frame);
      server.respond({
        header: { status: 0, opaque, totalBodyLength: 5 },
        val: Buffer.from('value'),
        extras: Buffer.alloc(4),
      });
    };
    expect((await clientWith(server).get('key')).value?.toString()).toBe('value');
    class Broken extends Server {
      override write(): void {
        this.error(new MemcacheError('ERR_CONNECT', 'broken'));
      }
    }
    await expect(clientWith(new Broken('host', 1)).get('key')).rejects.toMatchObject({ message: 'broken' });
  });

  it('says goodbye and is closed by quit', async () => {
    const transport = new Transport();
    transport.onFrame = (frame) => transport.answer(frame, 0);
    await clientWith(transport).quit();
    expect(transport.frames.map((frame) => frame[1])).toEqual([7]);
    expect(transport.closed).toBe(1);
  });
});
