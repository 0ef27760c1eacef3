import { cacheLife, cacheTag } from 'next/cache';
import { headers } from 'next/headers';
import { ask } from '../../lib/origin.js';

async function load() {
  'use cache: remote';
  cacheTag('large');
  cacheLife({ stale: 60, revalidate: 600, expire: 3600 });
  return { value: await ask('/large'), filling: 'x'.repeat(3_000_000) };
}

export default async function Page() {
  await headers();
  const { value, filling } = await load();
  return (
    <p id="value">
      {value} {filling.length}
    </p>
  );
}
