import { cacheLife, cacheTag } from 'next/cache';
import { headers } from 'next/headers';
import { ask } from '../../lib/origin.js';

async function load(name) {
  'use cache: remote';
  cacheTag('remote');
  cacheLife({ stale: 60, revalidate: 600, expire: 3600 });
  return ask(`/remote/${name}`);
}

export default async function Page({ searchParams }) {
  await headers();
  const { name = 'one' } = await searchParams;
  return <p id="value">{await load(name)}</p>;
}
