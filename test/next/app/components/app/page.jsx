import { cacheLife, cacheTag } from 'next/cache';
import { headers } from 'next/headers';
import { Suspense } from 'react';
import { ask } from '../../lib/origin.js';

async function Shell() {
  'use cache';
  cacheTag('shell');
  cacheLife('hours');
  return <p id="shell">{await ask('/shell')}</p>;
}

async function load() {
  'use cache: remote';
  cacheTag('hole');
  cacheLife('hours');
  return ask('/hole');
}

async function Hole() {
  await headers();
  return <p id="hole">{await load()}</p>;
}

export default function Page() {
  return (
    <>
      <Shell />
      <Suspense fallback={<p>loading</p>}>
        <Hole />
      </Suspense>
    </>
  );
}
