/**
 * Builds an app with Next.js without a memcached, runs two instances of it on two memcacheds, and looks at what each of them
 * serves, with a browser, too. `--write` renews the tables of docs/next.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { APP, build, COMPONENTS, checkTypes, install, start } from '../test/next/app.ts';
import * as checks from '../test/next/checks.ts';
import { Origin } from '../test/next/origin.ts';
import { startBrowser } from '../test/site/support/browser.ts';
import { startMemcached } from '../test/support/memcached.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, built: { type: 'boolean', default: false } },
});
const RECORD = join(import.meta.dirname, '../docs/next.md');

const sections: string[] = [];
function section(title: string, rows: readonly checks.Row[], head = ['what', 'came of it']): void {
  sections.push(
    `### ${title}\n\n${table(
      head,
      rows,
      head.map(() => 'l'),
    )}\n`,
  );
  console.log(`\n${sections.at(-1)}`);
}

async function withComponents(): Promise<checks.Row[]> {
  await using some = await start(COMPONENTS, env);
  await using others = await start(COMPONENTS, env);
  return await checks.shells([some, others], origin);
}

const BEGIN = '<!-- what npm run test:next has written -->';
const END = '<!-- to here -->';

function write(): void {
  const page = readFileSync(RECORD, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  const { next, react } = JSON.parse(readFileSync(join(APP, 'package.json'), 'utf8')).dependencies;
  const where =
    `Next.js ${next}, React ${react}, Node.js ${process.versions.node}, two instances, two memcacheds and Chromium on one machine ` +
    `(${cpus()[0]?.model.trim()}, ${cpus().length} cores). \`next build\` connected to no server.`;
  writeFileSync(RECORD, `${page.slice(0, begin)}${BEGIN}\n\n${where}\n\n${sections.join('\n')}\n${page.slice(end)}`);
}

await using origin = await Origin.start();
await install();
await checkTypes();
if (!values.built) {
  let connections = 0;
  const silent = createServer(() => connections++).listen(0, '127.0.0.1');
  const { port } = await new Promise<AddressInfo>((resolve) => {
    silent.once('listening', () => resolve(silent.address() as AddressInfo));
  });
  for (const folder of [APP, COMPONENTS]) {
    const seconds = await build(folder, { MEMCACHE_SERVERS: `127.0.0.1:${port}`, APP_ORIGIN: origin.address });
    console.log(`next build: ${seconds.toFixed(0)} s`);
  }
  silent.close();
  if (connections > 0) throw new Error(`next build has connected ${connections} times`);
}
await using first = await startMemcached({ args: ['-m', '256'] });
await using second = await startMemcached({ args: ['-m', '256'] });
const env = { MEMCACHE_SERVERS: `${first.address},${second.address}`, APP_ORIGIN: origin.address };
await using one = await start(APP, env);
await using other = await start(APP, env);
const browser = await startBrowser();
try {
  const id = readFileSync(join(APP, '.next/BUILD_ID'), 'utf8').trim();
  const stage: checks.Stage = { instances: [one, other], memcacheds: [first, second], origin, browser, build: id };
  section('What one instance invalidates', await checks.seenByBoth(stage), [
    'what',
    'the response to the webhook',
    'seen by the other instance after',
  ]);
  section('With a profile: `revalidateTag(tag, "max")`', await checks.servesStale(stage));
  section('200 requests at once, 100 to each instance', await checks.stampede(stage));
  section('In a browser', await checks.inBrowser(stage));
  section('Another build', await checks.otherBuild(stage));
  section('The cost of an invalidation', await checks.constantCost(stage));
  section('With `cacheComponents`', await withComponents());
  section('Servers that are away', await checks.serversAway(stage));
  if (values.write) write();
} catch (error) {
  console.error(`--- one\n${one.log()}\n--- other\n${other.log()}`);
  throw error;
} finally {
  await browser.close();
}
