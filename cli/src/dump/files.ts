import { constants, createReadStream } from 'node:fs';
import { type FileHandle, lstat, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { usageError } from '../exit.ts';

/** Makes a file of its own: what stood there goes, and a link is not followed to what it points at. */
export async function create(path: string): Promise<FileHandle> {
  await remove(path);
  return open(path, 'wx');
}

/** Opens a file that is there already, but no link. */
export async function reopen(path: string): Promise<FileHandle> {
  if ((await lstat(path)).isSymbolicLink()) throw usageError(`${path} is a symbolic link; --restart begins again`);
  return open(path, constants.O_RDWR | constants.O_NOFOLLOW);
}

/** Keeps two processes from writing the same files. */
export class Lock implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async take(path: string, what: string): Promise<Lock> {
    for (;;) {
      try {
        const file = await open(path, 'wx');
        await file.writeFile(String(process.pid));
        await file.close();
        return new Lock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = Number(await readFile(path, 'utf8').catch(() => ''));
      if (isRunning(owner)) throw usageError(`process ${owner} is at it: ${what} (${path})`);
      await remove(path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.#path);
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** How far something has come that may be interrupted, in a file. */
export class StateFile<TState extends { servers: readonly string[] }> {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** What the file says; nothing if there is none or it can't be read. */
  async read(): Promise<Partial<TState> | undefined> {
    try {
      const state: unknown = JSON.parse(await readFile(this.path, 'utf8'));
      return isState(state) ? (state as Partial<TState>) : undefined;
    } catch {
      return undefined;
    }
  }

  /** In one step: whoever looks finds the old state or the new one, whole. */
  async write(state: TState): Promise<void> {
    const temporary = `${this.path}.tmp`;
    const file = await create(temporary);
    try {
      await file.writeFile(JSON.stringify(state));
    } finally {
      await file.close();
    }
    await rename(temporary, this.path);
  }
}

/** Whether it is a state at all: names of servers, and numbers. Somebody else may have written the file. */
function isState(state: unknown): boolean {
  if (typeof state !== 'object' || state === null) return false;
  return Object.entries(state).every(([name, value]) => {
    return name === 'servers' || name === 'runs' ? Array.isArray(value) : Number.isFinite(value) && value >= 0;
  });
}

/** Whether what is at a path is a file, not a pipe or a device; nothing if there is nothing. */
export async function isFile(path: string): Promise<boolean | undefined> {
  if (path === '') throw usageError('the name of the file is empty');
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (found?.isDirectory()) throw usageError(`${path} is a directory`);
  return found?.isFile();
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

/** A pipe does not let itself be asked for the beginning. */
function from(start: number): { start?: number; highWaterMark: number } {
  return { ...(start > 0 ? { start } : {}), highWaterMark: 256 * 1024 };
}

/** The lines of a file, from some byte on if it is no pipe, or of standard input; the last one need not have an end. */
export async function* readLines(path: string | undefined, start = 0): AsyncGenerator<Line> {
  const input = path === undefined ? process.stdin : createReadStream(path, from(start));
  let parts: Buffer[] = [];
  let position = start;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let next = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, next)) {
      const tail = chunk.subarray(next, at);
      const bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
      parts = [];
      position += bytes.length + 1;
      yield { bytes, end: position };
      next = at + 1;
    }
    if (next < chunk.length) parts.push(chunk.subarray(next));
  }
  if (parts.length > 0) {
    const bytes = Buffer.concat(parts);
    yield { bytes, end: position + bytes.length };
  }
}
