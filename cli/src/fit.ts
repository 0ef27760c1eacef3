import { stripVTControlCharacters } from 'node:util';
import { escaped, isTerminal } from './output.ts';
import { shortened } from './screen/columns.ts';
import { type Column, table } from './table.ts';

/** Tables and sentences that a terminal has room for; a pipe has room for all. */

const LEAST_NAME = 12;

function room(): number {
  return (isTerminal() && process.stdout.columns) || Number.POSITIVE_INFINITY;
}

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));
}

/** A table for a few rows: where it is too wide, with its rows as columns, or each row in a block of its own. */
export function turnedTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const plain = table(columns, rows);
  if (widthOf(plain) <= room()) return plain;
  const titles = columns.map(({ title }) => title);
  const turn = (some: readonly (readonly string[])[]): string =>
    table(
      [{ title: titles[0] ?? '' }, ...some.map(([name = '']) => ({ title: name, right: true }))],
      titles.slice(1).map((title, index) => [title, ...some.map((row) => row[index + 1] ?? '')]),
    );
  const turned = turn(rows);
  return widthOf(turned) <= room() ? turned : rows.map((row) => turn([row])).join('\n\n');
}

/** A table for many rows: where it is too wide, names lose their middle, and the last columns are left out. */
export function cutTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const [, ...widths] = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => escaped(row[index] ?? '').length)),
  );
  let width = LEAST_NAME;
  const stop = widths.findIndex((one) => {
    width += 2 + one;
    return width > room();
  });
  const count = stop < 0 ? columns.length : Math.max(2, stop + 1);
  const left = room() - widths.slice(0, count - 1).reduce((sum, one) => sum + 2 + one, 0);
  const cut = (name: string): string => (isTerminal() ? shortened(escaped(name), Math.max(LEAST_NAME, left)) : name);
  const made = table(
    columns.slice(0, count),
    rows.map(([name = '', ...cells]) => [cut(name), ...cells.slice(0, count - 1)]),
  );
  if (count === columns.length) return made;
  return `${made}\n${wrapped(`${columns.length - count} more columns in a wider terminal or in a pipe`)}`;
}

/** A sentence, in lines as long as there is room for. */
export function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > room()) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
