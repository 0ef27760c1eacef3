import { escaped } from '../output.ts';

/** A column of a screen and of plain lines. */
export interface ScreenColumn<T> {
  title: string;
  width: number;
  /** What it sorts by; the largest come first, names in their order. */
  value(row: T): number | string | undefined;
  text(row: T): string;
}

/** In place of what is not known. */
export const NONE = '–';

/** What is between two columns. */
export const GAP = 2;

/** A number of what stands in a field, in so many characters. */
export function numbered<T>(
  title: string,
  width: number,
  value: (row: T) => number | undefined,
  inWords: (value: number) => string,
): ScreenColumn<T> {
  return {
    title,
    width,
    value,
    text: (row) => {
      const number = value(row);
      return number === undefined ? NONE : inWords(number);
    },
  };
}

/** A share from 0 to 1 as percent, without the sign. */
export function percent(share: number): string {
  return (share * 100).toFixed(share >= 0.9995 ? 0 : 1);
}

/** What the columns take, each with the gap in front of it. */
export function widthOf(columns: readonly { width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + GAP + width, 0);
}

/** Sorts by a column; rows that can't tell come last. */
export function sorted<T>(rows: readonly T[], column: ScreenColumn<T>, reverse: boolean): T[] {
  const direction = reverse ? -1 : 1;
  return rows.toSorted((left, right) => {
    const [a, b] = [column.value(left), column.value(right)];
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (typeof a === 'string' || typeof b === 'string') {
      return direction * String(a).localeCompare(String(b), 'en', { numeric: true });
    }
    return direction * (b - a);
  });
}

/** What is too long loses its middle: nodes of one cluster differ at the ends of their names. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, Math.max(0, width - 1 - tail))}…${text.slice(text.length - tail)}`;
}

/** A cell in its width: names on the left, numbers on the right. */
export function cell(text: string, { width }: { width: number }, left: boolean): string {
  const fitting = shortened(escaped(text), width);
  return left ? fitting.padEnd(width) : fitting.padStart(width);
}

/** A row, its first cell a name. */
export function rowOf<T>(row: T, columns: readonly ScreenColumn<T>[]): string {
  return columns.map((column, index) => cell(column.text(row), column, index === 0)).join(' '.repeat(GAP));
}
