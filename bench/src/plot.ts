/** Bar charts in SVG: a group for each label, in it a bar for each client. */

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly clients: readonly string[];
  readonly groups: readonly { readonly label: string; readonly values: readonly (number | undefined)[] }[];
}

const COLORS = [
  '#4e79a7',
  '#f28e2b',
  '#e15759',
  '#76b7b2',
  '#59a14f',
  '#edc948',
  '#b07aa1',
  '#ff9da7',
  '#9c755f',
  '#86bcb6',
  '#d37295',
  '#8cd17d',
  '#a0cbe8',
  '#ffbe7d',
  '#bab0ac',
];
const WIDTH = 860;
const LEFT = 70;
const LABELS = 110;
const BAR = 13;
const GAP = 14;
const TOP = 64;
const LEGEND_WIDTH = 150;
const PER_LINE = 5;

export function barChart({ title, unit, clients, groups }: Chart): string {
  const legendLines = Math.ceil(clients.length / PER_LINE);
  const top = TOP + legendLines * 18;
  const groupHeight = clients.length * BAR + GAP;
  const height = top + groups.length * groupHeight + 10;
  const most = Math.max(1, ...groups.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const scale = (WIDTH - LEFT - LABELS) / most;

  const parts = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(12, 24, title, 'font-size="15" font-weight="bold"'),
    text(12, 44, unit, 'fill="#666666"'),
    ...clients.flatMap((client, i) => {
      const x = 12 + (i % PER_LINE) * LEGEND_WIDTH;
      const y = TOP + Math.floor(i / PER_LINE) * 18;
      return [rect(x, y - 9, 10, 10, i), text(x + 15, y, client)];
    }),
  ];
  groups.forEach(({ label, values }, group) => {
    const y = top + group * groupHeight;
    parts.push(text(LEFT - 8, y + (clients.length * BAR) / 2 + 4, label, 'text-anchor="end"'));
    values.forEach((value, i) => {
      if (value === undefined) return;
      const width = Math.max(1, value * scale);
      const number = Math.round(value).toLocaleString('en-US');
      parts.push(rect(LEFT, y + i * BAR, width, BAR - 2, i), text(LEFT + width + 5, y + i * BAR + 9, number));
    });
  });
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const font = 'font-family="system-ui, sans-serif" font-size="11"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} role="img">\n${parts.join('\n')}\n</svg>\n`;
}

function rect(x: number, y: number, width: number, height: number, color: number): string {
  const fill = COLORS[color % COLORS.length];
  return `<rect x="${x}" y="${y}" width="${width.toFixed(1)}" height="${height}" fill="${fill}"/>`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}
