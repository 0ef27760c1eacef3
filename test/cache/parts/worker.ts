/** Stores large values under one key, one after the other, until it is killed. */
import { Cache } from '../../../src/cache/index.ts';
import { Client } from '../../../src/index.ts';
import { markedValue, type WriterJob } from './job.ts';

process.once('message', async ({ servers, client, cache: options, key, bytes, writer }: WriterJob) => {
  const cache = new Cache(Client.create(servers, client), options);
  for (let number = 0; ; number++) {
    const value = markedValue(bytes, writer, number);
    const stored =
      number % 4 < 3 ? cache.set(key, value) : cache.delete(key).then(() => cache.getOrSet(key, () => value));
    await stored.then(
      () => process.send?.('stored'),
      () => process.send?.('failed'),
    );
  }
});
