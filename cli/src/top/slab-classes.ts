import type { Client, Statistics } from 'memts';

/** A slab class: where the memory of a server is, and where it lacks. */
export interface SlabClass {
  name: string;
  chunk: number;
  items: number | undefined;
  memory: number;
  evicted: number | undefined;
  age: number | undefined;
}

/** The slab classes of a server, those with most memory first; none where it does not tell. */
export async function slabClasses(client: Client): Promise<SlabClass[]> {
  const [slabs, items] = await Promise.all(
    ['slabs', 'items'].map((group) => client.statsWithKey(group).catch(() => ({}) as Record<string, Statistics>)),
  );
  const [{ ...bySlab } = {}] = Object.values(slabs ?? {});
  const [{ ...byItem } = {}] = Object.values(items ?? {});
  const number = (of: Statistics, name: string): number | undefined =>
    of[name] === undefined ? undefined : Number(of[name]);
  const names = Object.keys(bySlab).flatMap((name) => /^(\d+):chunk_size$/.exec(name)?.[1] ?? []);
  return names
    .map((name) => ({
      name,
      chunk: number(bySlab, `${name}:chunk_size`) ?? 0,
      items: number(byItem, `items:${name}:number`),
      memory: (number(bySlab, `${name}:chunk_size`) ?? 0) * (number(bySlab, `${name}:used_chunks`) ?? 0),
      evicted: number(byItem, `items:${name}:evicted`),
      age: number(byItem, `items:${name}:age`),
    }))
    .sort((a, b) => b.memory - a.memory);
}
