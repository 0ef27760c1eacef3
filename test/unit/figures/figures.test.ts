import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { summary, withSummary } from '../../../bench/src/summary.ts';
import { short, ticks } from '../../../scripts/figures/axis.ts';
import { barChart } from '../../../scripts/figures/bar-chart.ts';
import { diagrams } from '../../../scripts/figures/diagrams.ts';
import { type JitterRecord, jitterChart } from '../../../scripts/figures/jitter.ts';
import { columns, lineChart } from '../../../scripts/figures/line-chart.ts';
import { type NearRecord, nearChart } from '../../../scripts/figures/near.ts';
import { clientColor, withoutStyle } from '../../../scripts/figures/svg.ts';
import { soakPlot } from '../../reliability/soak-report.ts';
import { ROOT } from '../../support/built.ts';

it.each([
  ['README.md', 6],
  ['docs/performance.md', 14],
])('%s has the figures of the one published run', (file, lines) => {
  const record = JSON.parse(readFileSync(join(ROOT, 'docs/performance/benchmark.json'), 'utf8'));
  const text = readFileSync(join(ROOT, file), 'utf8');
  expect(summary(record, file).split('\n').length).toBe(lines);
  expect(text).toBe(withSummary(text, record, file));
});

describe('axes', () => {
  it.each([
    [1_180_000, [0, 500_000, 1_000_000, 1_500_000]],
    [9_804, [0, 2_500, 5_000, 7_500, 10_000]],
    [1, [0, 0.25, 0.5, 0.75, 1]],
    [100, [0, 25, 50, 75, 100]],
  ])('up to %d end at a round number', (most, wanted) => expect(ticks(most)).toEqual(wanted));

  it.each([
    [856_087, '856 k'],
    [1_176_353, '1.18 M'],
    [2_500, '2.5 k'],
    [20, '20'],
  ])('%d is %s', (value, wanted) => expect(short(value)).toBe(wanted));
});

describe('lines', () => {
  const seconds = Array.from({ length: 1000 }, (_, second) => second);
  const values = seconds.map((second) => (second === 503 ? 900 : second === 77 ? -5 : 10));

  it('keep the highest and the lowest value when they are thinned', () => {
    const drawn = columns(seconds, values, 50);
    expect(drawn).toHaveLength(50);
    expect(Math.max(...drawn.map(({ most }) => most))).toBe(900);
    expect(Math.min(...drawn.map(({ least }) => least))).toBe(-5);
  });

  it('are drawn point by point where there is room', () => {
    expect(columns([1, 2, 3], [4, undefined, 6])).toEqual([
      { second: 1, least: 4, mean: 4, most: 4 },
      { second: 3, least: 6, mean: 6, most: 6 },
    ]);
  });

  it('reach as high as the peak', () => {
    const panels = [{ title: 'Handles', unit: '', lines: [{ name: 'timers', values }] }];
    const svg = lineChart({ title: 'a peak', seconds, panels, marks: [3] });
    const tops = [...svg.matchAll(/[\d.]+,([\d.]+)/g)].map(([, y]) => Number(y));
    const grid = [...svg.matchAll(/<line [^>]*y1="([\d.]+)"/g)].map(([, y]) => Number(y));
    // 900 of an axis that ends at 1,000.
    expect(Math.min(...tops)).toBeCloseTo(Math.max(...grid) - 0.9 * (Math.max(...grid) - Math.min(...grid)), 0);
  });
});

describe('bars', () => {
  it("have their client's name and the colour that it has everywhere", () => {
    const bars = [
      { client: 'memts', value: 10 },
      { client: 'ioredis-auto', value: 5 },
    ];
    const svg = barChart({ title: 'get', unit: 'keys', groups: [{ label: '1 in flight', bars }] });
    expect(svg).toContain('>memts<');
    expect(svg).toContain('>ioredis, pipelined<');
    expect(svg).toContain(`fill="${clientColor('memts')}"`);
    expect(clientColor('ioredis-auto')).toBe(clientColor('ioredis'));
    expect(clientColor('memts-meta')).not.toBe(clientColor('memts'));
  });
});

it('leaves the style of a page to the page', () => {
  const svg = barChart({ title: 'a < b', unit: '', groups: [{ label: '', bars: [{ client: 'memjs', value: 1 }] }] });
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(withoutStyle(svg)).not.toContain('<style>');
  expect(svg).toContain('a &lt; b');
});

it('draws the recorded soak as it stands in the docs', () => {
  const folder = join(ROOT, 'docs/reliability');
  expect(soakPlot(readFileSync(join(folder, 'soak.csv'), 'utf8'))).toBe(readFileSync(join(folder, 'soak.svg'), 'utf8'));
});

it.each(Object.entries(diagrams()))('has %s in the docs as it is drawn', (name, svg) => {
  expect(readFileSync(join(ROOT, 'docs/figures', name), 'utf8')).toBe(svg);
});

it('the plot of jitter is that of its record, in which its busiest second has at most a fifth of the values', () => {
  const folder = join(ROOT, 'docs/figures');
  const record: JitterRecord = JSON.parse(readFileSync(join(folder, 'jitter.json'), 'utf8'));
  expect(jitterChart(record)).toBe(readFileSync(join(folder, 'jitter.svg'), 'utf8'));
  const [without = 0, within = 0] = record.runs.map(({ perSecond }) => Math.max(...Object.values(perSecond)));
  expect(within).toBeGreaterThan(0);
  expect(within).toBeLessThanOrEqual(without / 5);
});

it('the plot of near is that of its record, with what a value in memory spares', () => {
  const folder = join(ROOT, 'docs/performance');
  const record: NearRecord = JSON.parse(readFileSync(join(folder, 'near.json'), 'utf8'));
  expect(nearChart(record)).toBe(readFileSync(join(folder, 'near.svg'), 'utf8'));
  for (const value of new Set(record.reads.map((row) => row.value))) {
    const of = (name: string) => record.reads.find((row) => row.value === value && row.way === name);
    const [plain, asked, trusted] = ['client.get', 'near, trustFor: 0', 'near, trustFor: 60'].map(of);
    expect((plain?.seconds ?? 0) / (trusted?.seconds ?? 1), value).toBeGreaterThan(20);
    expect((asked?.bytes ?? 1) / (plain?.bytes ?? 1), value).toBeLessThan(0.1);
  }
});
