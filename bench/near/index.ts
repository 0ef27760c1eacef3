/**
 * What a cache in memory spares: one hot value read by many callers, and an application whose keys are asked for by Zipf's
 * law. `--write` renews the record, the figure and the tables of docs/cache.md; `--short` is for a look.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type NearRecord, nearChart } from '../../scripts/figures/near.ts';
import { renew } from '../../scripts/renew.ts';
import { table } from '../../scripts/table.ts';
import { Client } from '../../src/index.ts';
import { measureReads, startServer } from './reads.ts';
import { measureZipf } from './zipf.ts';

const DOCS = join(import.meta.dirname, '../../../docs');

const isShort = process.argv.includes('--short');
const READS = isShort ? 10_000 : 100_000;
const PER_SECOND = 5000;
const SECONDS = isShort ? 3 : 20;

async function memcachedVersion(): Promise<string> {
  await using server = await startServer();
  await using client = Client.create(server.address);
  return Object.values(await client.version())[0] ?? '';
}

const record: NearRecord = {
  recorded: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model}`,
  node: process.version,
  memcached: await memcachedVersion(),
  perSecond: PER_SECOND,
  reads: await measureReads(READS),
  zipf: await measureZipf(PER_SECOND, SECONDS),
};

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

function tables({ recorded, machine, node, memcached, perSecond, reads, zipf }: NearRecord): string {
  const rates = reads.map((row) => {
    const plain = reads.find(({ value, way }) => value === row.value && way === 'client.get') ?? row;
    const rate = ({ calls, seconds }: typeof row): number => calls / seconds;
    return [
      row.value,
      row.way,
      count(rate(row)),
      (rate(row) / rate(plain)).toFixed(1),
      (row.bytes / row.calls).toFixed(row.bytes / row.calls < 10 ? 1 : 0),
      ((1e6 * row.cpu) / row.calls).toFixed(1),
      ((1e6 * row.serverCpu) / row.calls).toFixed(1),
    ];
  });
  const loads = zipf.map((row) => [
    row.way,
    count(row.requests / row.seconds),
    (row.bytes / row.seconds / 1e6).toFixed(2),
    `${((100 * row.cpu) / row.seconds).toFixed(0)} %`,
    `${((100 * row.serverCpu) / row.seconds).toFixed(0)} %`,
    `${((100 * row.near) / row.hits).toFixed(0)} %`,
  ]);
  return [
    table(
      ['hot value', 'read by', 'reads/s', '× client.get', 'bytes on the wire', 'CPU µs', "server's CPU µs"],
      rates,
      ['l', 'l', 'r', 'r', 'r', 'r', 'r'],
    ),
    table(
      [
        `${perSecond.toLocaleString('en-US')} calls/s`,
        'requests/s',
        'MB/s',
        'CPU',
        "server's CPU",
        'reads out of memory',
      ],
      loads,
    ),
    `On ${recorded}, with Node.js ${node.slice(1)}, memcached ${memcached} and ${machine}.`,
  ].join('\n\n');
}

const text = tables(record);
console.log(text);
if (process.argv.includes('--write')) {
  writeFileSync(join(DOCS, 'performance/near.json'), `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(join(DOCS, 'performance/near.svg'), nearChart(record));
  renew(join(DOCS, 'cache.md'), '<!-- near: from docs/performance/near.json -->', '<!-- /near -->', text);
}
