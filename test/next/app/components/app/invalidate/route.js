import { revalidatePath, revalidateTag } from 'next/cache';

/** `?tag=` with `profile=`, or `?path=`. */
export async function POST(request) {
  const { searchParams } = new URL(request.url);
  const [tag, path, profile] = ['tag', 'path', 'profile'].map((name) => searchParams.get(name));
  if (tag !== null) revalidateTag(tag, profile ?? { expire: 0 });
  if (path !== null) revalidatePath(path);
  return new Response('done');
}
