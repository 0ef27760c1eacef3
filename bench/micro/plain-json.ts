const rowOf = (id: number) => ({
  id,
  name: `Name ${id}`,
  email: `user${id}@example.com`,
  active: id % 2 === 0,
  score: id * 1.5,
  roles: ['reader', 'writer'],
  address: { city: 'Vienna', zip: '1010', country: 'AT' },
  note: null,
});

const USER = {
  id: 123_456,
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  active: true,
  created: '2026-11-26T10:00:00.000Z',
  plan: 'pro',
  city: 'London',
  about: 'x'.repeat(50),
};

const listOf = <T>(length: number, itemOf: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => itemOf(index));

/** What applications cache, as far as JSON can hold it. */
export const PLAIN_JSON: Readonly<Record<string, unknown>> = {
  'an object of 200 bytes': USER,
  'a row with an object and an array': rowOf(1),
  '100 flat rows': listOf(100, (id) => ({ ...USER, id })),
  '100 rows': listOf(100, rowOf),
  '1,000 rows': listOf(1000, rowOf),
  '1,000 integers': listOf(1000, (index) => index),
  '1,000 fractions': listOf(1000, (index) => index * 1.1),
  '1,000 strings': listOf(1000, (index) => `item ${index}`),
  '200 arrays of one number': listOf(200, (index) => [index]),
  '200 objects of one number': listOf(200, (index) => ({ index })),
  'a dictionary of 500 numbers': Object.fromEntries(listOf(500, (index) => [`key${index}`, index])),
  'a dictionary of 2,000 objects': Object.fromEntries(listOf(2000, (id) => [`user${id}`, { ...USER, id }])),
  'a page of 4 KB': { html: '<p>text</p>'.repeat(372) },
  'a string of 4 KB': '<p>text</p>'.repeat(372),
};

/** How long a round of each takes, in nanoseconds. */
const ROUND = 1e6;

/** The least time of each work in nanoseconds, in so many rounds that alternate. */
export function leastTimes(works: readonly (() => unknown)[], rounds: number): number[] {
  const least = works.map(() => Number.POSITIVE_INFINITY);
  const counts = works.map(() => 10);
  for (let round = 0; round < rounds; round++) {
    works.forEach((work, index) => {
      const count = counts[index] as number;
      const began = process.hrtime.bigint();
      for (let left = count; left > 0; left--) work();
      const each = Number(process.hrtime.bigint() - began) / count;
      least[index] = Math.min(least[index] as number, each);
      counts[index] = Math.ceil(ROUND / (least[index] as number));
    });
  }
  return least;
}
