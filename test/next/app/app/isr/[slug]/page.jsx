import { unstable_cache } from 'next/cache';
import { ask } from '../../../lib/origin.js';

export const revalidate = 3600;

export function generateStaticParams() {
  return [];
}

/** Its tag is the page's, too. */
const tagged = unstable_cache(async () => 'tagged', ['tagged'], { tags: ['isr'], revalidate: 3600 });

export default async function Page({ params }) {
  const { slug } = await params;
  await tagged();
  return <p id="value">{await ask(`/isr/${slug}`)}</p>;
}
