/** The text of SVG, and the one style that all figures have: for light and dark pages, at the width of a column. */

/** The width of a column of text on the site; figures are drawn for it. */
export const WIDTH = 680;
/** Of text; smaller could not be read on a phone. */
export const FONT_SIZE = 13;

/** Each colour on light paper and on dark. */
const COLORS = {
  paper: ['#ffffff', '#1b1b1f'],
  ink: ['#213547', '#e4e6eb'],
  dim: ['#59636e', '#a3a9b3'],
  grid: ['#e2e5e9', '#34363c'],
  box: ['#f4f6f8', '#26272c'],
  edge: ['#8c959f', '#787f89'],
  good: ['#0f766e', '#2dd4bf'],
  warn: ['#b45309', '#fbbf24'],
  bad: ['#c92a2a', '#ff8787'],
  1: ['#0f766e', '#2dd4bf'],
  2: ['#d9480f', '#ff922b'],
  3: ['#6741d9', '#b197fc'],
  4: ['#1971c2', '#74c0fc'],
  floor: ['#868e96', '#868e96'],
  memts: ['#0f766e', '#2dd4bf'],
  'memts-meta': ['#3b9c94', '#1fa595'],
  'memts-classic': ['#74bab4', '#15776c'],
  memjs: ['#e8590c', '#ff922b'],
  memcached: ['#6741d9', '#b197fc'],
  'memcache-client': ['#1971c2', '#74c0fc'],
  memcache: ['#c2255c', '#faa2c1'],
  'memcache-plus': ['#8d6e3f', '#d8b98a'],
  'node-redis': ['#c92a2a', '#ff8787'],
  ioredis: ['#5c940d', '#a9e34b'],
} as const;

export type Color = keyof typeof COLORS;

export const color = (name: Color): string => `var(--fig-${name})`;

/** A client has one colour in all figures: that of its name, or of the name that its own begins with. */
export function clientColor(client: string): string {
  const found = Object.keys(COLORS).filter((name) => client === name || client.startsWith(`${name}-`));
  return `var(--fig-${found.sort((a, b) => b.length - a.length)[0] ?? 'edge'})`;
}

function variables(scheme: 0 | 1): string {
  return Object.entries(COLORS)
    .map(([name, pair]) => `--fig-${name}:${pair[scheme]}`)
    .join(';');
}

const RULES = [
  `.fig{font:${FONT_SIZE}px system-ui,sans-serif;background:var(--fig-paper)}`,
  '.fig text{fill:var(--fig-ink)}',
  '.fig .dim{fill:var(--fig-dim)}',
  '.fig .title{font-size:15px;font-weight:600}',
  '.fig .strong{font-weight:600}',
  '.fig .code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px}',
].join('\n');

/** A picture by itself follows the system; one in a page, which the page's style is for, follows the page. */
const OWN_STYLE = `<style>\n.fig{${variables(0)}}\n@media(prefers-color-scheme:dark){.fig{${variables(1)}}}\n${RULES}\n</style>`;

export const PAGE_STYLE = `.fig{${variables(0)}}\n.dark .fig{${variables(1)}}\n${RULES}`;

/** A figure as a part of an HTML page that has `PAGE_STYLE`. */
export const withoutStyle = (svg: string): string => svg.replace(/<style>.*?<\/style>\n?/s, '');

export type Attributes = Readonly<Record<string, string | number | undefined>>;

export function element(name: string, attributes: Attributes, content = ''): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? round(value) : value}"`],
  );
  return content === '' ? `<${name}${given.join('')}/>` : `<${name}${given.join('')}>${content}</${name}>`;
}

const round = (value: number): string => `${Math.round(value * 10) / 10}`;

export function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escaped(content));
}

export function rect(x: number, y: number, width: number, height: number, attributes: Attributes): string {
  return element('rect', { x, y, width, height, ...attributes });
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  return element('line', { x1, y1, x2, y2, stroke: color('grid'), ...attributes });
}

/** The whole file. `title` is what it shows, for those who can't see it. */
export function figure(title: string, height: number, parts: readonly string[]): string {
  const size = `viewBox="0 0 ${WIDTH} ${round(height)}" width="${WIDTH}" height="${round(height)}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} class="fig" role="img" aria-label="${escaped(title)}">`;
  return [head, OWN_STYLE, ...parts, '</svg>', ''].join('\n');
}
