import { type MarkdownTableOptions, markdownTable } from 'markdown-table';

/** A table in Markdown: text on the left, numbers on the right, unless `align` says otherwise for each column. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: MarkdownTableOptions['align'] = head.map((_, index) => (index === 0 ? 'l' : 'r')),
): string {
  return markdownTable([head, ...rows], { align, alignDelimiters: false });
}
