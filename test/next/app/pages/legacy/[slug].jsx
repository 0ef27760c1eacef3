import { ask } from '../../lib/origin.js';

export function getStaticPaths() {
  return { paths: [], fallback: 'blocking' };
}

export async function getStaticProps({ params }) {
  return { props: { value: await ask(`/legacy/${params.slug}`) }, revalidate: 3600 };
}

export default function Page({ value }) {
  return <p id="value">{value}</p>;
}
