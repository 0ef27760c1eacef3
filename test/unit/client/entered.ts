/** Prints which functions of src/ one get enters, by protocol and file: V8's precise coverage of a call after others. */
import { Session } from 'node:inspector/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client } from '../../../src/index.ts';

const SOURCES = new URL('../../../src/', import.meta.url);
const [address = '', ...protocols] = process.argv.slice(2);
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
const entered: Record<string, Record<string, string[]>> = {};
for (const protocol of protocols) {
  const client = Client.create(address, { protocol: protocol as 'meta', logger: false });
  await client.set('key', 'value');
  await client.get('key');
  await session.post('Profiler.takePreciseCoverage');
  await client.get('key');
  entered[protocol] = await enteredSince();
  await client.quit();
}
console.log(JSON.stringify(entered));

async function enteredSince(): Promise<Record<string, string[]>> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const files = result.flatMap(({ url, functions }) => {
    const file = url.startsWith('file:') ? url : pathToFileURL(url).href;
    if (!file.startsWith(SOURCES.href)) return [];
    const names = functions.filter(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0);
    const path = fileURLToPath(file).slice(fileURLToPath(SOURCES).length);
    return names.length === 0 ? [] : [[path, names.map(({ functionName }) => functionName)] as const];
  });
  return Object.fromEntries(files);
}
