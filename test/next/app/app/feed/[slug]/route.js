import { ask } from '../../../lib/origin.js';

export const revalidate = 3600;
export const dynamic = 'force-static';

export function generateStaticParams() {
  return [];
}

export async function GET(_request, { params }) {
  const { slug } = await params;
  return new Response(`<p id="value">${await ask(`/feed/${slug}`)}</p>`, { headers: { 'content-type': 'text/html' } });
}
