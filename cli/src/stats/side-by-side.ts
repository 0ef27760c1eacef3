import { colors } from '../colors.ts';
import { shortened } from '../screen/columns.ts';
import { table } from '../table.ts';

/** What one server has to say, by name, as it is to be shown. */
export interface ServerColumn {
  server: string;
  values: ReadonlyMap<string, string>;
}

/** A row for each name, a column for each server; as many servers beside each other as there is room for. */
export function sideBySide(servers: readonly ServerColumn[], options: { markOthers?: boolean } = {}): string {
  const names = [...new Set(servers.flatMap(({ values }) => [...values.keys()]))];
  return blocks(servers, names)
    .map((block) => renderBlock(block, names, servers.length === 1, options.markOthers === true))
    .join('\n\n');
}

function renderBlock(
  block: readonly ServerColumn[],
  names: readonly string[],
  isOnly: boolean,
  markOthers: boolean,
): string {
  const titles = block.map(({ server }) => ({ title: isOnly ? 'VALUE' : server, right: true }));
  const left = room() - block.reduce((sum, one) => sum + widthOf(one), 0);
  const rows = names.map((name) => {
    const cells = block.map(({ values }) => values.get(name) ?? '–');
    const row = [shortened(name, Math.max(LEAST_NAME, left)), ...cells];
    return markOthers && new Set(cells).size > 1 ? [...row, '≠'] : row;
  });
  const made = table([{ title: 'NAME' }, ...titles, ...(markOthers ? [{ title: '' }] : [])], rows);
  return markOthers ? made.replace(/^.*≠$/gm, (line) => colors.yellow(line)) : made;
}

const LEAST_NAME = 12;
/** With a mark at the end of the line. */
const MARK = 3;

function room(): number {
  return (process.stdout.columns || Number.POSITIVE_INFINITY) - MARK;
}

/** What a column takes, with the gap in front of it. */
function widthOf({ server, values }: ServerColumn): number {
  return 2 + Math.max(server.length, ...[...values.values()].map(({ length }) => length));
}

/** Servers that fit into the terminal together; a pipe has room for all. */
function blocks(servers: readonly ServerColumn[], names: readonly string[]): ServerColumn[][] {
  const first = Math.max(LEAST_NAME, ...names.map(({ length }) => length));
  const made: ServerColumn[][] = [];
  let width = 0;
  for (const one of servers) {
    const own = widthOf(one);
    if (made.length === 0 || width + own > room()) {
      made.push([]);
      width = first;
    }
    made.at(-1)?.push(one);
    width += own;
  }
  return made;
}
