import { headers } from 'next/headers';

export default async function Page() {
  await headers();
  const response = await fetch(`${process.env.APP_ORIGIN}/fetched`, { next: { tags: ['fetched'], revalidate: 600 } });
  return <p id="value">{await response.text()}</p>;
}
