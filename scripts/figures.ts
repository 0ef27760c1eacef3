/** Draws all figures of the docs again: measurements from their records, and the diagrams. `npm run figures`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchmarkRecord, renderReport } from '../bench/src/report.ts';
import { writeSummary } from '../bench/src/summary.ts';
import { soakPlot } from '../test/reliability/soak-report.ts';
import { diagrams } from './figures/diagrams.ts';
import { type JitterRecord, jitterChart } from './figures/jitter.ts';
import { type NearRecord, nearChart } from './figures/near.ts';

const ROOT = join(import.meta.dirname, '..');
const PERFORMANCE = join(ROOT, 'docs/performance');
/** What has the main rows of the published run in it. */
const SUMMARIES = ['README.md', 'docs/performance.md'];
const RELIABILITY = join(ROOT, 'docs/reliability');
const FIGURES = join(ROOT, 'docs/figures');

for (const name of ['benchmark', 'protocols']) {
  const record: BenchmarkRecord = JSON.parse(readFileSync(join(PERFORMANCE, `${name}.json`), 'utf8'));
  await renderReport(record, name, PERFORMANCE);
  if (name === 'benchmark') for (const file of SUMMARIES) await writeSummary(join(ROOT, file), record);
}
writeFileSync(join(RELIABILITY, 'soak.svg'), soakPlot(readFileSync(join(RELIABILITY, 'soak.csv'), 'utf8')));
const jitter: JitterRecord = JSON.parse(readFileSync(join(FIGURES, 'jitter.json'), 'utf8'));
writeFileSync(join(FIGURES, 'jitter.svg'), jitterChart(jitter));
const near: NearRecord = JSON.parse(readFileSync(join(PERFORMANCE, 'near.json'), 'utf8'));
writeFileSync(join(PERFORMANCE, 'near.svg'), nearChart(near));
for (const [name, svg] of Object.entries(diagrams())) writeFileSync(join(FIGURES, name), svg);
