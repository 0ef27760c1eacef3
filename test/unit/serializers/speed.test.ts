import { expect, it } from 'vitest';
import { leastTimes, PLAIN_JSON } from '../../../bench/micro/plain-json.ts';
import { structuredSerializer } from '../../../src/serializers/structured.ts';

const extras = Buffer.alloc(8);

const ROUNDS = 15;
const BOUND = 3;

/** What serializing and deserializing take, as multiples of what JSON's own functions do. */
function ratios([stringify = 0, serialize = 0, parse = 0, deserialize = 0]: readonly number[]): [number, number] {
  return [serialize / stringify, deserialize / parse];
}

// `npm run bench:serializers` has the figures: 1.0 to 1.9. This finds what makes it several times slower.
it.each(Object.entries(PLAIN_JSON))(
  'structuredSerializer is near JSON.stringify and JSON.parse: %s',
  (_name, value) => {
    const serializer = structuredSerializer<unknown>();
    const { value: text, extras: flags } = serializer.serialize(1, value, extras);
    const bytes = Buffer.from(text);
    const works = [
      () => JSON.stringify(value),
      () => serializer.serialize(1, value, extras),
      () => JSON.parse(bytes.toString()),
      () => serializer.deserialize(0, bytes, flags.subarray(0, 4)),
    ];
    let least = leastTimes(works, ROUNDS);
    // A busy machine takes longer to come to the least times of all.
    for (let more = 0; more < 20 && Math.max(...ratios(least)) >= BOUND; more++) {
      const again = leastTimes(works, ROUNDS);
      least = least.map((time, index) => Math.min(time, again[index] as number));
    }
    expect(Math.max(...ratios(least))).toBeLessThan(BOUND);
  },
);
