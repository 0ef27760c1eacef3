/** What a line of the log says. */
export interface LogEntry {
  isStore: boolean;
  /** As it stands in the log, in percent-encoding. */
  key: string;
  found: boolean;
  size: number;
  /** Which connection did it. */
  connection: string;
}

const TYPE = ' type=item_';

/** Reads `ts=… gid=1 type=item_get key=a status=found clsid=1 cfd=20 size=5`; nothing where it is of another kind. */
export function entryIn(line: string): LogEntry | undefined {
  const type = line.indexOf(TYPE);
  if (type < 0) return undefined;
  const isStore = line.startsWith('store', type + TYPE.length);
  if (!isStore && !line.startsWith('get ', type + TYPE.length)) return undefined;
  const start = line.indexOf(' key=', type);
  const end = line.indexOf(' ', start + 5);
  if (start < 0 || end < 0) return undefined;
  const status = line.indexOf('status=', end) + 7;
  return {
    isStore,
    key: line.slice(start + 5, end),
    found: line.startsWith('found', status) || line.startsWith('stored', status),
    size: Number(field(line, ' size=', end)),
    connection: field(line, ' cfd=', end),
  };
}

function field(line: string, name: string, from: number): string {
  const at = line.indexOf(name, from);
  if (at < 0) return '';
  const start = at + name.length;
  const end = line.indexOf(' ', start);
  return line.slice(start, end < 0 ? line.length : end);
}
