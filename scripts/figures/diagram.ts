/** The pieces that diagrams are put together from. */
import { type Attributes, type Color, color, element, rect, text } from './svg.ts';

/** A box with a heading, and lines of smaller text below it. */
export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  lines: readonly string[],
  edge: Color = 'edge',
) {
  const [heading = '', ...more] = lines;
  const first = y + height / 2 - (more.length * 17) / 2 + 5;
  const middle = { 'text-anchor': 'middle' };
  return [
    rect(x, y, width, height, { rx: 6, fill: color('box'), stroke: color(edge) }),
    text(x + width / 2, first, heading, { ...middle, class: 'strong' }),
    ...more.map((words, index) => text(x + width / 2, first + 17 * (index + 1), words, { ...middle, class: 'dim' })),
  ].join('');
}

/** A part of a bar, with its name in it. */
export function segment(x: number, y: number, width: number, height: number, name: string, fill: Color): string {
  const attributes = { rx: 3, fill: color(fill), 'fill-opacity': 0.22, stroke: color(fill) };
  const label = text(x + width / 2, y + height / 2 + 4.5, name, { 'text-anchor': 'middle' });
  return rect(x, y, width, height, attributes) + label;
}

type Point = readonly [x: number, y: number];

/** A line through points, with a head at its end. */
export function arrow(points: readonly Point[], attributes: Attributes = {}): string {
  const d = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  return path(d, points.at(-2) ?? [0, 0], points.at(-1) ?? [0, 0], attributes);
}

/** A curve that is bent away from the straight line by `bend`. */
export function curve([x1, y1]: Point, [x2, y2]: Point, bend: Point, attributes: Attributes = {}): string {
  const control: Point = [(x1 + x2) / 2 + bend[0], (y1 + y2) / 2 + bend[1]];
  return path(`M${x1} ${y1}Q${control[0]} ${control[1]} ${x2} ${y2}`, control, [x2, y2], attributes);
}

function path(d: string, from: Point, to: Point, attributes: Attributes): string {
  const stroke = String(attributes.stroke ?? color('edge'));
  const body = element('path', { d, fill: 'none', 'stroke-width': 1.5, ...attributes, stroke });
  return body + head(from, to, stroke);
}

function head([x1, y1]: Point, [x2, y2]: Point, fill: string): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const corner = (turn: number): string =>
    `${(x2 - 8 * Math.cos(angle + turn)).toFixed(1)},${(y2 - 8 * Math.sin(angle + turn)).toFixed(1)}`;
  return element('polygon', { points: `${x2},${y2} ${corner(0.4)} ${corner(-0.4)}`, fill });
}
