import { beforeEach, describe, expect, test } from 'vitest';
import { Commands, type StoreRequest } from '../../../src/memory-server/commands.ts';
import { itemSize } from '../../../src/memory-server/item.ts';
import { Store, type StoreOptions } from '../../../src/memory-server/store.ts';

let milliseconds: number;
let store: Store;
let commands: Commands;

function make(options: StoreOptions = {}): void {
  milliseconds = 1_700_000_000_500;
  store = new Store({ clock: () => milliseconds, ...options });
  commands = new Commands(store);
}

function pass(seconds: number): void {
  milliseconds += seconds * 1000;
  store.tick();
}

function put(key: string, value: string, more: Partial<StoreRequest> = {}) {
  const expiration = store.expirationOf(more.expiration ?? 0);
  const newCas = store.nextCas();
  return commands.put({ mode: 'set', key, value, flags: 0, cas: 0n, newCas, ...more, expiration });
}

const get = (key: string): string | undefined => commands.get(key)?.value;

beforeEach(() => make());

describe('expiration', () => {
  test('an item lives for its seconds and is gone afterwards', () => {
    put('a', 'x', { expiration: 10 });
    pass(9);
    expect(get('a')).toBe('x');
    pass(1);
    expect(get('a')).toBeUndefined();
    expect(store.counters.get_expired).toBe(1);
    expect(store.count).toBe(0);
  });

  test('0 is never, a negative number at once, 30 days relative, past that a Unix time', () => {
    put('never', 'x');
    put('at once', 'x', { expiration: -1 });
    put('30 days', 'x', { expiration: 2_592_000 });
    put('past', 'x', { expiration: 2_592_001 });
    put('future', 'x', { expiration: 1_700_000_100 });
    expect(get('at once')).toBeUndefined();
    expect(get('past')).toBeUndefined();
    pass(99);
    expect(get('future')).toBe('x');
    pass(2);
    expect(get('future')).toBeUndefined();
    pass(2_592_000 - 102);
    expect(get('30 days')).toBe('x');
    pass(1);
    expect(get('30 days')).toBeUndefined();
    expect(get('never')).toBe('x');
  });

  test('touch gives a new expiration', () => {
    put('a', 'x', { expiration: 5 });
    commands.touch('a', store.expirationOf(50));
    pass(20);
    expect(get('a')).toBe('x');
  });

  test('append and a counter keep the expiration', () => {
    put('a', '9', { expiration: 5 });
    put('a', '9', { mode: 'append', expiration: 500 });
    commands.delta('a', true, 1n, 0n);
    expect(get('a')).toBe('100');
    pass(5);
    expect(get('a')).toBeUndefined();
  });

  test('what nobody asks for is swept', () => {
    for (let i = 0; i < 12_000; i++) put(`key${i}`, 'x', { expiration: i % 2 === 0 ? 1 : 0 });
    milliseconds += 2000;
    for (let i = 0; i < 3; i++) store.sweep();
    expect(store.count).toBe(6_000);
    expect(store.counters.crawler_reclaimed).toBe(6_000);
    expect(store.bytes).toBe([...store.items()].reduce((sum, item) => sum + item.size, 0));
  });
});

describe('flush', () => {
  test('items stored before go, those stored after it in the same second stay', () => {
    put('before', 'x');
    store.flush(0);
    put('after', 'x');
    expect(get('before')).toBeUndefined();
    expect(get('after')).toBe('x');
    expect(store.counters.get_flushed).toBe(1);
  });

  test('a delayed flush takes what is there when it comes', () => {
    put('a', 'x');
    store.flush(10);
    pass(5);
    put('b', 'x');
    expect(get('a')).toBe('x');
    pass(4);
    expect(get('a')).toBeUndefined();
    expect(get('b')).toBeUndefined();
    pass(1);
    put('c', 'x');
    expect(get('c')).toBe('x');
  });
});

describe('memory limit', () => {
  const size = itemSize(1, 0, 100);

  test('the least recently used items go', () => {
    make({ memoryLimit: size * 3 });
    for (const key of 'abc') put(key, 'x'.repeat(100));
    expect(get('a')).toBeDefined();
    put('d', 'x'.repeat(100));
    expect([...store.items()].map(({ key }) => key).sort()).toEqual(['a', 'c', 'd']);
    expect(store.counters.evictions).toBe(1);
    expect(store.bytes).toBe(size * 3);
  });

  test('one large item evicts several', () => {
    make({ memoryLimit: size * 4 });
    for (const key of 'abcd') put(key, 'x'.repeat(100));
    put('e', 'x'.repeat(140));
    expect([...store.items()].map(({ key }) => key)).toEqual(['c', 'd', 'e']);
    expect(store.bytes).toBeLessThanOrEqual(size * 4);
  });

  test('replacing an item does not evict others', () => {
    make({ memoryLimit: size * 3 });
    for (const key of 'abc') put(key, 'x'.repeat(100));
    for (let i = 0; i < 10; i++) put('c', 'y'.repeat(100));
    expect(store.counters.evictions).toBe(0);
    expect(store.count).toBe(3);
  });

  test('the sum of sizes never passes the limit, whatever is stored', () => {
    make({ memoryLimit: 20_000, maxItemSize: 5_000 });
    for (let i = 0; i < 2_000; i++) {
      put(`key${(i * 7919) % 300}`, 'x'.repeat((i * 31) % 4_000), { mode: i % 5 === 0 ? 'append' : 'set' });
      expect(store.bytes).toBeLessThanOrEqual(20_000);
    }
    expect(store.bytes).toBe([...store.items()].reduce((sum, item) => sum + item.size, 0));
  });

  test('an item past the limits is refused', () => {
    make({ memoryLimit: 2_000, maxItemSize: 4_000 });
    expect(store.roomFor(1, 0, 100)).toBe('ok');
    expect(store.roomFor(1, 0, 3_000)).toBe('outOfMemory');
    expect(store.roomFor(1, 0, 4_000)).toBe('tooLarge');
  });
});

describe('CAS', () => {
  test('numbers rise, and a store that compares needs the present one', () => {
    const first = put('a', 'x').cas;
    const second = put('a', 'y').cas;
    expect(second).toBeGreaterThan(first);
    expect(put('a', 'z', { mode: 'cas', cas: first }).status).toBe('exists');
    expect(put('a', 'z', { mode: 'cas', cas: second }).status).toBe('stored');
    expect(put('b', 'z', { mode: 'cas', cas: second }).status).toBe('notFound');
  });

  test('delete compares too', () => {
    const { cas } = put('a', 'x');
    expect(commands.delete('a', cas + 1n)).toBe('exists');
    expect(commands.delete('a', cas)).toBe('deleted');
  });
});

test('a key of a prototype is an ordinary key', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    expect(get(key)).toBeUndefined();
    put(key, 'x');
    expect(get(key)).toBe('x');
  }
});

describe('many appends to one value', () => {
  test.each(['append', 'prepend'] as const)('100,000 of %s take time by their number, not by its square', (mode) => {
    make({ maxItemSize: 4 * 1024 * 1024 });
    put('a', '');
    const before = process.cpuUsage();
    for (let i = 0; i < 100_000; i++) put('a', `${i % 10}`.repeat(10), { mode });
    // Copied each time, the value would be moved through memory 50 GB far.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(3);
    const pieces = Array.from({ length: 100_000 }, (_, i) => `${i % 10}`.repeat(10));
    expect(get('a')).toBe((mode === 'append' ? pieces : pieces.reverse()).join(''));
  });

  test('a value is not kept in more pieces than its length pays for', () => {
    put('a', 'x'.repeat(10_000));
    for (let i = 0; i < 10_000; i++) {
      put('a', 'y', { mode: 'append' });
      const item = commands.get('a');
      expect((item?.pieces ?? Number.NaN) * 64).toBeLessThanOrEqual(item?.value.length ?? 0);
    }
  });
});
