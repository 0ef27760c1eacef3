/**
 * Has `memts hot` find the ten hottest of 10,000 keys under a Zipf load, on every memcached. `npm run test:hot -- 1.6.45
 * --rate 50000 --seconds 20` runs only that one, at that rate. Exits with 1 if a version is missing, or the keys that were
 * found are not those that were asked for most.
 */
import { parseArgs } from 'node:util';
import { runHot } from '../test/cli/support/hot-run.ts';
import { MEMCACHEDS, type VersionName } from '../test/support/memcacheds.ts';
import { table } from './table.ts';

const { values, positionals } = parseArgs({
  options: { rate: { type: 'string', default: '50000' }, seconds: { type: 'string', default: '20' } },
  allowPositionals: true,
});

process.exitCode = await main(positionals.length > 0 ? positionals : MEMCACHEDS.map(({ name }) => name));

async function main(names: readonly string[]): Promise<number> {
  const rows: string[][] = [];
  for (const name of names) {
    if (MEMCACHEDS.find((memcached) => memcached.name === name)?.program === undefined) {
      console.error(`test:hot: memcached ${name} is not at hand: "npm run servers" brings it, or says why not`);
      return 1;
    }
    const { sent, seconds, hottest, found, seen, skipped } = await runHot(
      name as VersionName,
      Number(values.rate),
      Number(values.seconds),
    );
    const right = found.filter((key) => hottest.includes(key)).length;
    const inOrder = found.filter((key, index) => key === hottest[index]).length;
    rows.push([
      name,
      Math.round(sent / seconds).toLocaleString('en'),
      sent.toLocaleString('en'),
      seen.toLocaleString('en'),
      `${skipped.toLocaleString('en')} (${((100 * skipped) / sent).toFixed(1)}%)`,
      `${right} of 10`,
      `${inOrder} of 10`,
    ]);
  }
  console.log(table(['memcached', 'gets/s', 'sent', 'seen', 'skipped', 'found', 'in their place'], rows));
  return rows.every((row) => row[5] === '10 of 10') ? 0 : 1;
}
