/** Lines over time in SVG, one panel below the other. */

export interface Line {
  name: string;
  /** One value for each point of time; undefined where there is none. */
  values: readonly (number | undefined)[];
}

export interface Panel {
  title: string;
  unit: string;
  lines: readonly Line[];
}

const COLORS = ['#4e79a7', '#f28e2b', '#59a14f', '#b07aa1'];
const WIDTH = 860;
const LEFT = 64;
const RIGHT = 16;
const PANEL = 170;
const HEAD = 40;
const FOOT = 26;
/** Points of a line at most: more are not seen. */
const POINTS = 600;

/** `seconds` are those of the points; `marks` are times that are marked in every panel. */
export function lineChart(seconds: readonly number[], panels: readonly Panel[], marks: readonly number[]): string {
  const end = Math.max(1, seconds.at(-1) ?? 1);
  const x = (second: number): number => LEFT + (second / end) * (WIDTH - LEFT - RIGHT);
  const height = panels.length * (HEAD + PANEL) + FOOT;
  const parts = [`<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`];
  panels.forEach((panel, index) => {
    const top = index * (HEAD + PANEL) + HEAD;
    parts.push(...drawPanel(panel, seconds, top, x));
    for (const mark of marks) {
      parts.push(
        `<line x1="${x(mark).toFixed(1)}" x2="${x(mark).toFixed(1)}" y1="${top + PANEL - 4}" y2="${top + PANEL}" stroke="#e15759"/>`,
      );
    }
  });
  const minutes = Math.floor(end / 60);
  const step = Math.max(1, Math.ceil(minutes / 10));
  for (let minute = 0; minute <= minutes; minute += step) {
    parts.push(text(x(minute * 60), height - 8, `${minute} min`, 'text-anchor="middle"'));
  }
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const font = 'font-family="system-ui, sans-serif" font-size="11"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} role="img">\n<title>${panels.map(({ title }) => title).join(', ')}</title>\n${parts.join('\n')}\n</svg>\n`;
}

function drawPanel(
  { title, unit, lines }: Panel,
  seconds: readonly number[],
  top: number,
  x: (s: number) => number,
): string[] {
  const most = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const y = (value: number): number => top + PANEL - (value / most) * (PANEL - 10);
  const parts = [
    text(LEFT, top - 20, title, 'font-size="13" font-weight="bold"'),
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${top + PANEL}" y2="${top + PANEL}" stroke="#999999"/>`,
  ];
  for (const share of [0, 0.5, 1]) {
    const at = y(most * share);
    parts.push(text(LEFT - 6, at + 4, `${Math.round(most * share).toLocaleString('en-US')}`, 'text-anchor="end"'));
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#eeeeee"/>`);
  }
  parts.push(text(LEFT, top - 6, unit, 'fill="#666666"'));
  lines.forEach(({ name, values }, index) => {
    const color = COLORS[index % COLORS.length];
    parts.push(text(LEFT + 140 + index * 150, top - 6, name, `fill="${color}"`));
    parts.push(`<polyline fill="none" stroke="${color}" points="${points(values, seconds, x, y)}"/>`);
  });
  return parts;
}

/** Means of neighbours, where there are too many points. */
function points(
  values: readonly (number | undefined)[],
  seconds: readonly number[],
  x: (second: number) => number,
  y: (value: number) => number,
): string {
  const known = values.flatMap((value, index) => (value === undefined ? [] : [[seconds[index] ?? 0, value] as const]));
  const group = Math.max(1, Math.ceil(known.length / POINTS));
  const drawn: string[] = [];
  for (let at = 0; at < known.length; at += group) {
    const some = known.slice(at, at + group);
    const mean = (of: 0 | 1): number => some.reduce((sum, point) => sum + point[of], 0) / some.length;
    drawn.push(`${x(mean(0)).toFixed(1)},${y(mean(1)).toFixed(1)}`);
  }
  return drawn.join(' ');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
