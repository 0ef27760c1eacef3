import { describe, expect, it } from 'vitest';
import { createRemoteHandler } from '../../../src/adapters/next/next.ts';
import { sleep } from '../../support/wait.ts';
import { ask, made, twoRemotes, useInstances } from './support.ts';

const instances = await useInstances();

describe('use cache: remote', () => {
  it('gives every instance what one has stored, as a stream of its own each time', async () => {
    const [one, other] = twoRemotes(instances);
    expect(await ask(one, 'k')).toBeUndefined();
    const entry = made('hello', { tags: ['a', 'b'] });
    const { tags, stale, timestamp, expire, revalidate } = entry;
    await one.set('k', Promise.resolve(entry));
    for (const handler of [one, other, other]) {
      expect(await ask(handler, 'k')).toMatchObject({ text: 'hello', tags, stale, timestamp, expire, revalidate });
    }
  });

  it('gives each reader memory of its own', async () => {
    const [one, other] = twoRemotes(instances);
    await ask(one, 'k');
    await one.set('k', Promise.resolve(made('hello')));
    await other.refreshTags();
    const chunks: (Uint8Array | undefined)[] = [];
    for (let reads = 0; reads < 2; reads++)
      chunks.push((await (await other.get('k', []))?.value.getReader().read())?.value);
    for (const chunk of chunks) expect(chunk?.buffer.byteLength).toBe(5);
    expect(chunks[0]?.buffer).not.toBe(chunks[1]?.buffer);
  });

  it('waits for what this process is about to store', async () => {
    const [one] = twoRemotes(instances);
    await ask(one, 'k');
    const entry = made('late');
    const stored = one.set(
      'k',
      sleep(100).then(() => entry),
    );
    expect((await ask(one, 'k'))?.text).toBe('late');
    await stored;
  });

  it('ends what is on a tag for all instances, at once or after the time of a profile', async () => {
    const [one, other] = twoRemotes(instances);
    for (const key of ['tagged', 'other']) {
      await ask(one, key);
      await one.set(key, Promise.resolve(made(key, { tags: [key] })));
    }
    await other.updateTags(['tagged'], { expire: 300 });
    // A negative `revalidate` has Next.js serve it and make it again.
    expect(await ask(one, 'tagged')).toMatchObject({ text: 'tagged', revalidate: -1 });
    // However often it is invalidated before somebody asks for it.
    await other.updateTags(['tagged'], { expire: 300 });
    expect(await ask(one, 'tagged')).toMatchObject({ text: 'tagged', revalidate: -1 });
    await other.updateTags(['tagged']);
    expect(await ask(one, 'tagged')).toBeUndefined();
    expect((await ask(one, 'other'))?.text).toBe('other');
  });

  it('ends what is on a path for the pages of that path alone', async () => {
    const [one, other] = twoRemotes(instances);
    const [here, there] = [
      ['_N_T_/layout', '_N_T_/here'],
      ['_N_T_/layout', '_N_T_/there'],
    ];
    await ask(one, 'k', here);
    await one.set('k', Promise.resolve(made('first')));
    expect((await ask(other, 'k', there))?.text).toBe('first');
    await one.updateTags(['_N_T_/here']);
    expect((await ask(other, 'k', there))?.text).toBe('first');
    expect(await ask(other, 'k', here)).toBeUndefined();
    await other.set('k', Promise.resolve(made('second')));
    for (const tags of [here, there]) expect((await ask(one, 'k', tags))?.text).toBe('second');
    expect(await one.getExpiration(here)).toBe(Number.POSITIVE_INFINITY);
  });

  it('stores and invalidates for a host that never says when a request begins', async () => {
    const [one, other] = twoRemotes(instances);
    const path = ['_N_T_/here'];
    const entry = { ...made('hello', { tags: ['a'] }), timestamp: Date.now() };
    await one.set('k', Promise.resolve(entry));
    expect(await one.get('k', path)).toMatchObject({ tags: ['a'] });
    await other.updateTags(path);
    expect(await one.get('k', path)).toBeUndefined();
    const late = one.set(
      'late',
      sleep(100).then(() => made('late', { tags: ['a'] })),
    );
    await sleep(50);
    await other.updateTags(['a']);
    await late;
    expect(await one.get('late', [])).toBeUndefined();
  });

  it('takes the time of an entry from a clock of whole milliseconds', async () => {
    for (let count = 0; count < 20; count++) {
      const [one] = twoRemotes(instances);
      await one.refreshTags();
      await one.set(`k${count}`, Promise.resolve({ ...made('hello'), timestamp: Date.now() }));
      expect((await ask(one, `k${count}`))?.text).toBe('hello');
    }
  });

  it('does not store what was begun before one of its tags was invalidated', async () => {
    const [one, other] = twoRemotes(instances);
    await ask(one, 'k');
    const entry = made('of before', { tags: ['t'] });
    await other.updateTags(['t']);
    await one.set('k', Promise.resolve(entry));
    expect(await ask(other, 'k')).toBeUndefined();
    // Another tag is no reason.
    const next = made('of then', { tags: ['t'] });
    await one.updateTags(['another']);
    await other.set('k', Promise.resolve(next));
    expect((await ask(one, 'k'))?.text).toBe('of then');
  });

  it('lets one of all instances compute what is missing, and the others wait for it', async () => {
    const [one, other] = twoRemotes(instances);
    expect(await ask(one, 'k')).toBeUndefined();
    const waiting = ask(other, 'k');
    await sleep(50);
    await one.set('k', Promise.resolve(made('once')));
    expect((await waiting)?.text).toBe('once');
  });

  it('lets one of all instances compute what is past its revalidate, while the others have the old value', async () => {
    const [one, other] = twoRemotes(instances);
    await ask(one, 'short');
    await one.set('short', Promise.resolve(made('old', { revalidate: 0.05 })));
    await sleep(80);
    const age = (answer: Awaited<ReturnType<typeof ask>>): boolean =>
      performance.timeOrigin + performance.now() > (answer?.timestamp ?? 0) + (answer?.revalidate ?? 0) * 1000;
    const first = await ask(one, 'short');
    expect([first?.text, age(first)]).toEqual(['old', true]);
    const second = await ask(other, 'short');
    expect([second?.text, age(second)]).toEqual(['old', false]);
  });

  it('lets another one compute when the first never stores, and does not wait for that key again', async () => {
    const [one, other] = twoRemotes(instances, { lockFor: 0.6 });
    expect(await ask(one, 'k')).toBeUndefined();
    expect(await ask(other, 'k')).toBeUndefined();
    await other.set('k', Promise.reject(new Error('it fails there, too')));
    expect(await ask(one, 'k')).toBeUndefined();
    const began = performance.now();
    expect(await ask(other, 'k')).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(500);
    await one.set('k', Promise.resolve(made('after all')));
    expect((await ask(other, 'k'))?.text).toBe('after all');
  });

  it('gives the lease back when the entry or its stream fails, is too large, or is stale at once', async () => {
    const [one, other] = twoRemotes(instances, { maxBytes: 1000 });
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('a'));
        controller.error(new Error('broken off'));
      },
    });
    const failing = [
      () => Promise.reject(new Error('no entry')),
      async () => made('', { value: broken }),
      async () => made('x'.repeat(1001)),
      async () => made('dynamic', { expire: 0 }),
      async () => made('dynamic', { revalidate: 0 }),
    ];
    for (const [index, making] of failing.entries()) {
      expect(await ask(one, `k${index}`)).toBeUndefined();
      await one.set(`k${index}`, making());
      const began = performance.now();
      expect(await ask(other, `k${index}`)).toBeUndefined();
      expect(performance.now() - began).toBeLessThan(1000);
    }
  });

  it('stores what is larger than an item in parts', async () => {
    const [one, other] = twoRemotes(instances);
    await ask(one, 'k');
    await one.set('k', Promise.resolve(made('x'.repeat(3_000_000))));
    expect((await ask(other, 'k'))?.text.length).toBe(3_000_000);
  });
});

it('asks no server while next build runs, and shares what it computes among the pages of a process', async () => {
  process.env.NEXT_PHASE = 'phase-production-build';
  try {
    const handler = createRemoteHandler({ servers: '127.0.0.1:1' });
    expect(await ask(handler, 'k', ['_N_T_/a'])).toBeUndefined();
    await handler.set('k', Promise.resolve(made('built')));
    await handler.updateTags(['t']);
    expect((await ask(handler, 'k'))?.text).toBe('built');
  } finally {
    delete process.env.NEXT_PHASE;
  }
});
