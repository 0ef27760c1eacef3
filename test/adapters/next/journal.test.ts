import { expect, it } from 'vitest';
import { createRemoteHandler } from '../../../src/adapters/next/next.ts';
import { Client } from '../../../src/index.ts';
import { ask, made, twoRemotes, useInstances } from './support.ts';

const instances = await useInstances();
const { servers, options } = instances;

it('loses no invalidation where many instances write at once', async () => {
  const handlers = Array.from({ length: 6 }, () => createRemoteHandler(options()));
  const [one] = handlers;
  if (one === undefined) throw new Error('there are six of them');
  const paths = Array.from({ length: 30 }, (_, index) => `_N_T_/${index}`);
  await ask(one, 'k');
  await one.set('k', Promise.resolve(made('shared')));
  await Promise.all(paths.map((path, index) => handlers[index % handlers.length]?.updateTags([path])));
  for (const path of paths) {
    expect(await ask(one, 'k', [path])).toBeUndefined();
  }
  expect((await ask(one, 'k', ['_N_T_/another']))?.text).toBe('shared');
});

it('forgets the oldest of many paths, and what is older than that is made again', async () => {
  const [one, other] = twoRemotes(instances);
  await ask(one, 'k');
  await one.set('k', Promise.resolve(made('old')));
  const paths = Array.from({ length: 1000 }, (_, index) => `_N_T_/${index}`);
  await other.updateTags(paths);
  expect((await ask(one, 'k', ['_N_T_/new']))?.text).toBe('old');
  await other.updateTags(['_N_T_/one-more']);
  expect(await ask(one, 'k', ['_N_T_/new'])).toBeUndefined();
  await one.set('k', Promise.resolve(made('new')));
  expect((await ask(other, 'k', ['_N_T_/new']))?.text).toBe('new');
});

it('does not store what was begun before more invalidations than are remembered', async () => {
  const [one, other] = twoRemotes(instances);
  await ask(one, 'k');
  const entry = made('of before', { tags: ['mine'] });
  await other.updateTags(Array.from({ length: 257 }, (_, index) => `t${index}`));
  await one.set('k', Promise.resolve(entry));
  expect(await ask(other, 'k')).toBeUndefined();
});

it.each(['deleted', 'overwritten'])('takes everything for invalidated when its item was %s', async (how) => {
  const settings = options();
  const [one, other] = [createRemoteHandler(settings), createRemoteHandler(options())];
  await ask(one, 'k', ['_N_T_/a']);
  await one.set('k', Promise.resolve(made('text')));
  await using client = Client.create(
    servers.map(({ address }) => address),
    { logger: false },
  );
  const key = `${settings.namespace}%3ause-cache%j`;
  expect((await client.get(key)).value).not.toBeNull();
  if (how === 'deleted') await client.delete(key);
  else await client.set(key, 'of another program');
  expect(await ask(other, 'k', ['_N_T_/a'])).toBeUndefined();
  expect((await ask(other, 'k'))?.text).toBe('text');
});
