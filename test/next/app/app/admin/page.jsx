import { cacheLife, cacheTag, updateTag } from 'next/cache';
import { headers } from 'next/headers';
import { ask } from '../../lib/origin.js';

async function load() {
  'use cache: remote';
  cacheTag('admin');
  cacheLife({ stale: 60, revalidate: 600, expire: 3600 });
  return ask('/admin');
}

async function change() {
  'use server';
  await ask('/change');
  updateTag('admin');
}

export default async function Page() {
  await headers();
  return (
    <form action={change}>
      <p id="value">{await load()}</p>
      <button type="submit">Change</button>
    </form>
  );
}
