import { unstable_cache } from 'next/cache';
import { headers } from 'next/headers';
import { ask } from '../../lib/origin.js';

const load = unstable_cache(() => ask('/unstable'), ['unstable'], { tags: ['unstable'], revalidate: 600 });

export default async function Page() {
  await headers();
  return <p id="value">{await load()}</p>;
}
