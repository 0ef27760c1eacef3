import { expect, it } from 'vitest';
import type { Target } from './client/suite/target.ts';
import { describeEverywhere } from './every-target.ts';

describeEverywhere((target: Target) => {
  it('append and prepend past the item size are false, and leave the item as it was', async () => {
    const key = target.key();
    const half = Buffer.alloc(600 * 1024, 'a');
    await target.client.set(key, half);
    expect(await target.client.append(key, half)).toBe(false);
    expect(await target.client.prepend(key, half)).toBe(false);
    expect((await target.client.get(key)).value?.equals(half)).toBe(true);
  });
});
