import { expect, it } from 'vitest';
import { leastTimes, PLAIN_JSON } from '../../../bench/micro/plain-json.ts';
import { structuredSerializer } from '../../../src/serializers/structured.ts';

const extras = Buffer.alloc(8);

// `npm run bench:serializers` has the figures: 1.0 to 1.5. This finds what makes it several times slower.
it.each(Object.entries(PLAIN_JSON))(
  'structuredSerializer is near JSON.stringify and JSON.parse: %s',
  (_name, value) => {
    const serializer = structuredSerializer<unknown>();
    const { value: text, extras: flags } = serializer.serialize(1, value, extras);
    const bytes = Buffer.from(text);
    const [stringify = 0, serialize = 0, parse = 0, deserialize = 0] = leastTimes(
      [
        () => JSON.stringify(value),
        () => serializer.serialize(1, value, extras),
        () => JSON.parse(bytes.toString()),
        () => serializer.deserialize(0, bytes, flags.subarray(0, 4)),
      ],
      15,
    );
    expect(serialize / stringify).toBeLessThan(3);
    expect(deserialize / parse).toBeLessThan(3);
  },
);
