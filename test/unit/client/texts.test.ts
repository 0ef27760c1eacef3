import { expect, it } from 'vitest';
import { Client, Header, Server, type TransportMessage } from '../../../src/index.ts';

/** A server that has no memory left, whatever it is asked. */
class OutOfMemory extends Server {
  override write(frame: Uint8Array): void {
    const { opaque } = Header.fromBuffer(Buffer.from(frame));
    this.respond({ header: { status: 0x82, opaque } } as TransportMessage);
  }
}

const log: string[] = [];
const client = new Client([new OutOfMemory('host', 1)], { logger: { log: (line: string) => log.push(line) } });

async function text(answer: Promise<unknown>): Promise<string> {
  return await answer.then(
    () => 'no error',
    (error) => error.message,
  );
}

it('says MemJS where MemJS has the text, and memts elsewhere', async () => {
  expect(await text(client.set('key', 'value'))).toBe('MemJS SET: Out of memory');
  expect(await text(client.increment('key', 1))).toBe('MemJS INCREMENT: Out of memory');
  expect(await text(client.statsWithKey('items'))).toBe('MemJS STATS (items): Out of memory');
  expect(await text(client.getAndTouch('key', 1))).toBe('memts GET AND TOUCH: Out of memory');
  expect(await text(client.flush().then(({ 'host:1': error }) => Promise.reject(error)))).toBe(
    'memts FLUSH: Out of memory',
  );
  client.close();
  // One line a second for each server, and then the number of the others.
  expect(log).toEqual(['MemJS SET: Out of memory', expect.stringMatching(/^memts: .* 4 more commands failed/)]);
});
