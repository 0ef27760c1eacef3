import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';

/** Puts a file in place in one step: whoever looks finds the old one or the new one, whole. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

/** What a file says in JSON; nothing if there is none or it can't be read as that. */
export async function readState<T>(path: string): Promise<Partial<T> | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof state === 'object' && state !== null ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Has the disk have the file before it gets its name. */
export async function finish(temporary: string, path: string): Promise<void> {
  const file = await open(temporary, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

export async function remove(...paths: string[]): Promise<void> {
  await Promise.all(paths.map((path) => rm(path, { force: true })));
}

/** A line without its end, and where the next one begins. */
export interface Line {
  bytes: Buffer;
  end: number;
}

const NEWLINE = 10;

/** The lines of a file from some byte on, or of standard input; the last one need not have an end. */
export async function* readLines(path: string | undefined, start = 0): AsyncGenerator<Line> {
  const input = path === undefined ? process.stdin : createReadStream(path, { start, highWaterMark: 256 * 1024 });
  let parts: Buffer[] = [];
  let position = start;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const tail = chunk.subarray(from, at);
      const bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
      parts = [];
      position += bytes.length + 1;
      yield { bytes, end: position };
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) {
    const bytes = Buffer.concat(parts);
    yield { bytes, end: position + bytes.length };
  }
}
