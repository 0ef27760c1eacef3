/**
 * What `structuredSerializer` and `jsonSerializer` take beside `JSON.stringify` and `JSON.parse`, for plain JSON of many
 * shapes. They alternate in short rounds, and the least time of each counts, to which a busy machine does not add.
 */
import { table } from '../../scripts/table.ts';
import { jsonSerializer, structuredSerializer } from '../../src/index.ts';
import { leastTimes, PLAIN_JSON } from './plain-json.ts';

const structured = structuredSerializer<unknown>();
const json = jsonSerializer<unknown, unknown>();
const extras = Buffer.alloc(8);
/** What becomes of a value that a serializer has written, so that it reads nothing but its own. */
const written = (serializer: typeof structured, value: unknown) => {
  const { value: bytes, extras: flags } = serializer.serialize(1, value, extras);
  return { bytes: Buffer.from(bytes), flags: flags.subarray(0, 4) };
};

const rounds = Number(process.argv[2] ?? 40);
const rows = Object.entries(PLAIN_JSON).map(([name, value]) => {
  const text = Buffer.from(JSON.stringify(value));
  const [ofStructured, ofJson] = [written(structured, value), written(json, value)];
  const [stringify = 0, intoStructured = 0, intoJson = 0, parse = 0, fromStructured = 0, fromJson = 0] = leastTimes(
    [
      () => JSON.stringify(value),
      () => structured.serialize(1, value, extras),
      () => json.serialize(1, value, extras),
      () => JSON.parse(text.toString()),
      () => structured.deserialize(0, ofStructured.bytes, ofStructured.flags),
      () => json.deserialize(0, ofJson.bytes, ofJson.flags),
    ],
    rounds,
  );
  const times = (part: number, whole: number) => (part / whole).toFixed(2);
  return [
    name,
    Math.round(stringify).toLocaleString('en-US'),
    times(intoStructured, stringify),
    times(intoJson, stringify),
    Math.round(parse).toLocaleString('en-US'),
    times(fromStructured, parse),
    times(fromJson, parse),
  ];
});
const head = ['', 'JSON.stringify, ns', '× structured', '× json', 'JSON.parse, ns', '× structured', '× json'];
console.log(`Node.js ${process.version}; least times of ${rounds} rounds.\n`);
console.log(table(head, rows));
