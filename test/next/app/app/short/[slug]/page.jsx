import { ask } from '../../../lib/origin.js';

export const revalidate = 2;

export function generateStaticParams() {
  return [];
}

export default async function Page({ params }) {
  const { slug } = await params;
  return <p id="value">{await ask(`/short/${slug}`)}</p>;
}
