import { readFileSync, writeFileSync } from 'node:fs';

/** Puts text between two comments of a page, in place of what stands there. */
export function renew(file: string, opening: string, closing: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [from, to] = [page.indexOf(opening), page.indexOf(closing)];
  if (from < 0 || to < from) throw new Error(`There is no place for the tables: ${opening} … ${closing}`);
  writeFileSync(file, `${page.slice(0, from + opening.length)}\n\n${text}\n\n${page.slice(to)}`);
}
