import { colors } from '../colors.ts';
import { cell, GAP, type ScreenColumn } from './columns.ts';

/** What the keys of a screen with rows to choose from change. */
export class TableView {
  /** The index of the column to sort by. */
  sort = 0;
  reverse = false;
  paused = false;
  /** Whether what the keys and columns mean is shown instead. */
  help = false;
  /** The row that is chosen, and the first one that is shown. */
  chosen = 0;
  first = 0;
  /** The name of the chosen row, unless that is the first: who looks at the first row wants what stands there. */
  #name: string | undefined;
  /** By how many rows the choice was moved since the rows were last shown. */
  #moved = 0;

  /** Does what a key says; whether it says anything. */
  obey(key: string, columns: number): boolean {
    if (key === '?' || key === 'h') this.help = !this.help;
    else if (key === 'p') this.paused = !this.paused;
    else if (key === 'r') this.reverse = !this.reverse;
    else if (key === 'right' || key === 's') this.sort = (this.sort + 1) % columns;
    else if (key === 'left') this.sort = (this.sort + columns - 1) % columns;
    else if (key === 'up') this.#moved--;
    else if (key === 'down') this.#moved++;
    else return false;
    return true;
  }

  /**
   * The rows that are shown where there is room for so many: the chosen one is among them. With names, the choice stays with
   * its row when the rows change places.
   */
  window<T>(rows: readonly T[], room: number, nameOf?: (row: T) => string): readonly T[] {
    const at = nameOf === undefined ? -1 : rows.findIndex((row) => nameOf(row) === this.#name);
    this.chosen = Math.max(0, Math.min((at < 0 ? this.chosen : at) + this.#moved, rows.length - 1));
    this.#moved = 0;
    this.#name = this.chosen === 0 ? undefined : nameOf?.(rows[this.chosen] as T);
    this.first = Math.max(this.chosen - room + 1, Math.min(this.first, this.chosen, Math.max(0, rows.length - room)));
    return rows.slice(this.first, this.first + room);
  }
}

/** The titles of the columns, the one to sort by marked. */
export function headOf<T>(columns: readonly ScreenColumn<T>[], sort: ScreenColumn<T>): string {
  const cells = columns.map((column, index) => {
    const text = cell(column.title, column, index === 0);
    return column === sort ? colors.inverse(text) : colors.bold(text);
  });
  return cells.join(' '.repeat(GAP));
}

/** Lines that fill the screen, the last of them what the keys do. */
export function filled(lines: readonly string[], keys: string, { width, height }: Size): string[] {
  const made = lines.slice(0, Math.max(1, height - 1));
  while (made.length < height - 1) made.push('');
  return [...made, colors.dim(keys.slice(0, width))];
}

export interface Size {
  width: number;
  height: number;
}

/** The screen that explains another one; where there is little room, without what is empty. */
export function explained(name: string, lines: readonly string[], size: Size): string[] {
  const fitting = lines.length + 3 > size.height ? lines.filter(Boolean) : ['', ...lines];
  return filled(
    [colors.cyan(`memts ${name} · help`), ...fitting.map((line) => line.slice(0, size.width))],
    '? back',
    size,
  );
}
