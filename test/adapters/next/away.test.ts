import { expect, it } from 'vitest';
import { createCacheHandler, createRemoteHandler } from '../../../src/adapters/next/next.ts';
import { Client } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import { eventually } from '../../support/wait.ts';
import { ask, made } from './support.ts';

const QUICK = { timeout: 0.2, conntimeout: 0.3, retries: 1, retryDelay: 0.01 };
const PAGE = { kind: 'APP_PAGE' };
const LIFE = { cacheControl: { revalidate: 900, expire: 3600 } };

it('throws nothing while servers are away, and carries out what was invalidated meanwhile', async () => {
  await using server = await startMemcached();
  const lines: string[] = [];
  const log = (...words: unknown[]): void => void lines.push(words.join(' '));
  await using client = Client.create(server.address, { ...QUICK, logger: { log } });
  await using witness = Client.create(server.address, { ...QUICK, logger: false });
  const [one, other] = [client, witness].map((each) => createRemoteHandler({ client: each }));
  const Handler = createCacheHandler({ client, buildId: 'b' });
  if (one === undefined || other === undefined) throw new Error('there are two of them');
  await ask(one, 'k');
  await one.set('k', Promise.resolve(made('s3cret', { tags: ['t'] })));
  await new Handler().set('/a', { kind: 'PAGES', html: 'a' }, LIFE);

  server.pause();
  expect(await ask(one, 'k', ['_N_T_/a'])).toBeUndefined();
  await one.set('new', Promise.resolve(made('x')));
  await one.updateTags(['t']);
  expect(await new Handler().get('/a', PAGE)).toBeNull();
  await new Handler().set('/b', { kind: 'PAGES', html: 'b' }, LIFE);
  await new Handler().revalidateTag('u');
  server.resume();

  // Nobody has to ask for what was invalidated.
  await eventually(async () => {
    await one.refreshTags();
    await one.get('another', []);
    return (await ask(other, 'k')) === undefined;
  });
  await eventually(async () => (await new Handler().get('/a', PAGE)) !== null);
  expect(lines.some((line) => line.includes('memts/next: an invalidation has not come through'))).toBe(true);
  // What was cached, and its tags, are in no line.
  expect(lines.join('\n')).not.toMatch(/_N_T_|s3cret/);
});
