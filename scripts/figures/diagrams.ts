/** The diagrams of the guides, by the names of their files in docs/figures. */
import { arrow, box, curve, segment } from './diagram.ts';
import { type Color, color, element, figure, line, text } from './svg.ts';

const MIDDLE = { 'text-anchor': 'middle' };
const END = { 'text-anchor': 'end' };
const SERVERS: readonly Color[] = [1, 2, 3, 4];

export function diagrams(): Record<string, string> {
  return {
    'cache.svg': cache(),
    'command.svg': command(),
    'get-or-set.svg': getOrSet(),
    'ring-and-modulo.svg': ringAndModulo(),
    'server-states.svg': serverStates(),
  };
}

function command(): string {
  const top = 56;
  const stages: [string, ...string[]][] = [
    ['your program', 'get(key)'],
    ['client', 'checks the key', 'makes a promise'],
    ['cluster', 'picks a server', 'retries, fails over'],
    ['connection', 'gathers a write', 'sets the deadline'],
    ['memcached'],
  ];
  const [width, gap] = [122, 13];
  const x = (index: number) => 9 + index * (width + gap);
  const middle = (index: number) => x(index) + width / 2;
  const boxes = stages.map((lines, index) => box(x(index), top, width, 80, lines, index === 4 ? 1 : 'edge'));
  const there = stages.slice(1).map((_, index) =>
    arrow(
      [
        [x(index) + width, top + 24],
        [x(index + 1), top + 24],
      ],
      { stroke: color(1) },
    ),
  );
  const back = arrow(
    [
      [middle(4), top + 80],
      [middle(4), top + 120],
      [middle(3), top + 120],
      [middle(3), top + 82],
    ],
    { stroke: color(2) },
  );
  const home = arrow(
    [
      [middle(3) - 20, top + 80],
      [middle(3) - 20, top + 120],
      [middle(0), top + 120],
      [middle(0), top + 82],
    ],
    { stroke: color(2) },
  );
  return figure("A command's way to the server and back", 230, [
    text(10, 24, "A command's way", { class: 'title' }),
    ...boxes,
    ...there,
    back,
    home,
    text((middle(4) + middle(3)) / 2, top + 140, 'response', { ...MIDDLE, class: 'dim' }),
    text((middle(3) + middle(0)) / 2, top + 140, 'the head of the queue settles: value, miss or error', {
      ...MIDDLE,
      class: 'dim',
    }),
    text(10, 220, 'Commands of one turn of the event loop leave in one write; responses come in the same order.', {
      class: 'dim',
    }),
  ]);
}

/** The lanes of two processes with the server between them, and calls of it, by their heights. */
function timeline(rows: { a: number; server: number; b: number }) {
  const [left, right] = [104, 668];
  const lanes = Object.entries({ a: 'process A', server: 'memcached', b: 'process B' }).flatMap(([row, name]) => {
    const y = rows[row as keyof typeof rows];
    return [text(left - 12, y + 18, name, { ...END, class: 'strong' }), line(left, y + 14, right, y + 14)];
  });
  const call = (x: number, row: 'a' | 'b', name: string, paint: Color = 'edge') => {
    const [from, to] = row === 'a' ? [rows.a + 28, rows.server] : [rows.b, rows.server + 28];
    return [
      arrow(
        [
          [x, from],
          [x, to],
        ],
        { stroke: color(paint) },
      ),
      text(x, row === 'a' ? rows.a - 6 : rows.b + 46, name, { ...MIDDLE, class: 'dim' }),
    ];
  };
  return { lanes, call };
}

function cache(): string {
  const rows = { a: 62, server: 138, b: 208 };
  const { lanes, call } = timeline(rows);
  return figure('A value in a cache over time, used by two processes', 322, [
    text(12, 24, 'A value and its tag, in two processes', { class: 'title' }),
    ...lanes,
    segment(112, rows.a, 78, 28, 'compute', 1),
    segment(112, rows.server, 78, 28, 'computing', 'bad'),
    segment(190, rows.server, 114, 28, 'fresh', 'good'),
    segment(304, rows.server, 116, 28, 'stale', 'warn'),
    segment(420, rows.server, 110, 28, 'fresh', 'good'),
    segment(530, rows.server, 78, 28, 'computing', 'bad'),
    segment(608, rows.server, 60, 28, 'fresh', 'good'),
    segment(140, rows.b, 50, 28, 'waits', 'edge'),
    segment(350, rows.b, 70, 28, 'compute', 2),
    segment(530, rows.a, 78, 28, 'compute', 1),
    ...call(122, 'a', 'miss'),
    ...call(150, 'b', 'miss'),
    ...call(240, 'a', 'hit'),
    ...call(330, 'a', 'old value, at once'),
    ...call(360, 'b', 'old value, at once'),
    ...call(500, 'b', 'invalidateTags', 'bad'),
    ...call(540, 'a', 'miss'),
    ...call(638, 'b', 'hit'),
    line(190, 276, 304, 276, { stroke: color('good'), 'stroke-width': 3 }),
    text(247, 296, 'expires', { ...MIDDLE, class: 'code' }),
    line(304, 276, 420, 276, { stroke: color('warn'), 'stroke-width': 3 }),
    text(362, 296, 'staleFor, at most', { ...MIDDLE, class: 'code' }),
    line(500, 276, 668, 276, { stroke: color('bad'), 'stroke-width': 3 }),
    text(584, 296, 'nobody gets the old value', { ...MIDDLE, class: 'dim' }),
    text(12, 316, 'From the moment that invalidateTags has resolved, no process gets the value from before it.', {
      class: 'dim',
    }),
  ]);
}

function getOrSet(): string {
  const rows = { a: 62, server: 132, b: 202 };
  const { lanes, call } = timeline(rows);
  return figure('getOrSet in two processes over time', 316, [
    text(12, 24, 'getOrSet in two processes', { class: 'title' }),
    ...lanes,
    segment(120, rows.a, 96, 28, 'compute', 1),
    segment(120, rows.server, 96, 28, 'locked', 'bad'),
    segment(216, rows.server, 152, 28, 'fresh', 'good'),
    segment(368, rows.server, 200, 28, 'stale', 'warn'),
    segment(568, rows.server, 100, 28, 'fresh', 'good'),
    segment(150, rows.b, 66, 28, 'waits', 'edge'),
    segment(470, rows.b, 98, 28, 'compute', 2),
    ...call(134, 'a', 'miss'),
    ...call(164, 'b', 'miss'),
    ...call(290, 'a', 'hit'),
    ...call(420, 'a', 'old value, at once'),
    ...call(484, 'b', 'old value, at once'),
    ...call(620, 'a', 'hit'),
    line(216, 268, 368, 268, { stroke: color('good'), 'stroke-width': 3 }),
    text(292, 288, 'expires', { ...MIDDLE, class: 'code' }),
    line(368, 268, 668, 268, { stroke: color('warn'), 'stroke-width': 3 }),
    text(520, 288, 'staleFor, at most', { ...MIDDLE, class: 'code' }),
    line(120, 268, 216, 268, { stroke: color('bad'), 'stroke-width': 3 }),
    text(168, 288, 'lockFor, at most', { ...MIDDLE, class: 'code' }),
    text(12, 308, 'B makes the new value in the background. If A had died, B would have taken over after lockFor.', {
      class: 'dim',
    }),
  ]);
}

const KEYS = Array.from({ length: 12 }, (_, key) => key);
/** Servers at the points of the ring, 30 degrees apart. */
const POINTS = [0, 3, 1, 2, 0, 2, 3, 1, 2, 0, 1, 3];

const paintOf = (server: number): string => color(SERVERS[server] ?? 'edge');

/** Whose a key is on the ring: the next point's whose server is there. */
function onRing(key: number, servers: number): number {
  return [...POINTS.slice(key), ...POINTS.slice(0, key)].find((server) => server < servers) ?? 0;
}

/** Keys in a row, each in the colour of its server, and a cross at those that have moved. */
function row(y: number, owner: (key: number) => number, before = owner): string[] {
  return KEYS.map((key) => {
    const x = 190 + key * 40;
    const circle = element('circle', { cx: x, cy: y, r: 10, fill: paintOf(owner(key)) });
    return before(key) === owner(key) ? circle : circle + text(x, y + 27, '×', { ...MIDDLE, class: 'strong' });
  });
}

function ring(cx: number, cy: number, servers: number): string[] {
  const at = (degrees: number, radius: number) => {
    const turn = ((degrees - 90) * Math.PI) / 180;
    return [cx + radius * Math.cos(turn), cy + radius * Math.sin(turn)] as const;
  };
  const points = POINTS.map((server, index) => {
    const [x, y] = at(index * 30 + 12, 70);
    const look =
      server < servers
        ? { fill: paintOf(server) }
        : { fill: color('paper'), stroke: color('edge'), 'stroke-dasharray': '2 2' };
    return element('rect', { x: x - 6, y: y - 6, width: 12, height: 12, rx: 2, ...look });
  });
  const around = KEYS.map((key) => {
    const [x, y] = at(key * 30, 94);
    const circle = element('circle', { cx: x, cy: y, r: 7, fill: paintOf(onRing(key, servers)) });
    const [crossX, crossY] = at(key * 30, 112);
    const moved = onRing(key, servers) !== onRing(key, 4);
    return moved ? circle + text(crossX, crossY + 4, '×', { ...MIDDLE, class: 'strong' }) : circle;
  });
  const circle = element('circle', { cx, cy, r: 70, fill: 'none', stroke: color('grid'), 'stroke-width': 2 });
  const label = text(cx, cy + 5, servers === 4 ? 'four servers' : 'three servers', { ...MIDDLE, class: 'dim' });
  return [circle, ...points, ...around, label];
}

function ringAndModulo(): string {
  const [four, three] = [(key: number) => key % 4, (key: number) => key % 3];
  const byModulo = KEYS.filter((key) => four(key) !== three(key)).length;
  const byRing = KEYS.filter((key) => onRing(key, 4) !== onRing(key, 3)).length;
  return figure('What happens to twelve keys when one of four servers goes', 486, [
    text(12, 24, 'One of four servers goes', { class: 'title' }),
    text(12, 44, 'A circle is a key, its colour the server that has it. A cross is a key that is missed.', {
      class: 'dim',
    }),
    text(12, 84, 'modulo', { class: 'strong' }),
    text(12, 114, 'four servers', { class: 'dim' }),
    ...row(110, four),
    text(12, 164, 'three servers', { class: 'dim' }),
    ...row(160, three, four),
    text(668, 84, `${byModulo} of ${KEYS.length} keys change servers`, { 'text-anchor': 'end' }),
    text(12, 228, 'ring (ketama)', { class: 'strong' }),
    text(668, 228, `${byRing} of ${KEYS.length} keys change servers`, { 'text-anchor': 'end' }),
    ...ring(190, 354, 4),
    arrow([
      [318, 354],
      [362, 354],
    ]),
    ...ring(490, 354, 3),
  ]);
}

function serverStates(): string {
  const [top, bottom] = [92, 250];
  const note = (at: number, y: number, words: string) => text(at, y, words, { ...MIDDLE, class: 'dim' });
  const green = { stroke: color('good') };
  return figure("A server's states", 352, [
    text(12, 24, "A server's states", { class: 'title' }),
    box(12, top, 132, 84, ['idle', 'no connection yet'], 'edge'),
    box(236, top, 142, 84, ['up', 'commands are sent'], 'good'),
    box(
      500,
      top,
      168,
      84,
      ['down', 'commands fail at once,', 'or fail over; one probe', 'at a time, up to 2 s apart'],
      'bad',
    ),
    box(330, bottom, 200, 76, ['up, but suspected', 'commands wait for', 'a new connection'], 'warn'),
    arrow([
      [144, top + 42],
      [234, top + 42],
    ]),
    note(189, top + 34, 'a command'),
    curve([307, top], [584, top - 2], [0, -40]),
    note(445, top - 30, 'no connection can be opened, or failover ejects it: event down'),
    arrow(
      [
        [500, top + 42],
        [380, top + 42],
      ],
      green,
    ),
    note(440, top + 32, 'probe answered:'),
    note(440, top + 60, 'event up'),
    arrow([
      [290, top + 84],
      [352, bottom - 2],
    ]),
    note(228, top + 118, 'attempts time out, and'),
    note(228, top + 135, 'no byte for 2 × timeout'),
    arrow(
      [
        [410, bottom],
        [348, top + 86],
      ],
      green,
    ),
    note(426, top + 124, 'any byte'),
    arrow([
      [530, bottom + 38],
      [584, bottom + 38],
      [584, top + 86],
    ]),
    note(600, bottom + 58, 'silent too: event down'),
  ]);
}
