import prettyBytes from 'pretty-bytes';

/** Numbers as people read them. */

/** `1 item`, `2,000 items`. */
export function counted(count: number, what: string): string {
  return `${humanCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

export function humanBytes(value: number): string {
  return prettyBytes(value, { binary: true });
}

export function humanCount(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

const STEPS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** At most five characters: 950, 9.5k, 120k, 1.2M. */
export function shortCount(value: number): string {
  for (const [step, unit] of STEPS) {
    // What would be rounded up to 1000 is the next step's 1.0.
    if (value >= step * 0.9995) return `${(value / step).toFixed(value / step < 99.95 ? 1 : 0)}${unit}`;
  }
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}

/** At most six characters: 950B, 9.5K, 120M. */
export function shortBytes(value: number): string {
  let rest = value;
  for (const unit of ['B', 'K', 'M', 'G', 'T']) {
    if (rest < 999.5 || unit === 'T') return `${rest.toFixed(rest < 99.95 && unit !== 'B' ? 1 : 0)}${unit}`;
    rest /= 1024;
  }
  return '';
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
];

/** The two largest units: 3d 4h, 5m 12s, 0s. */
export function humanSeconds(value: number): string {
  const start = UNITS.findIndex(([size]) => value >= size);
  if (start < 0) return `${Math.round(value)}s`;
  let rest = Math.round(value);
  const parts = UNITS.slice(start, start + 2).map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.filter(Boolean).join(' ');
}

/** Microseconds: 85µs, 1.25ms, 2.10s. */
export function humanMicros(value: number): string {
  if (value < 1000) return `${Math.round(value)}µs`;
  if (value < 1_000_000) return `${(value / 1000).toFixed(2)}ms`;
  return `${(value / 1_000_000).toFixed(2)}s`;
}
