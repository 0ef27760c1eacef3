import { rename } from 'node:fs/promises';
import type { Target } from '../connection.ts';
import type { Interruption } from '../interruption.ts';
import { metadump } from '../metadump.ts';
import { decode } from '../percent.ts';
import { Progress } from '../progress.ts';
import { create, readLines, remove } from './files.ts';

/**
 * The keys to dump, in a file beside the dump: a line each, `server key expires size`. Listing first lets go of the
 * server's crawler at once, and gives an order that a dump can be taken up in again.
 */
export interface SpooledKey {
  /** The index of its server. */
  server: number;
  key: Buffer;
  /** When it expires, as a Unix time by our clock; `null` for never. */
  expires: number | null;
  size: number;
  /** Where the next one begins in the file. */
  end: number;
}

const BLOCK = 64 * 1024;

/** Lists the keys of all servers into a file; resolves with how many there are, or nothing when interrupted. */
export async function spoolKeys(
  path: string,
  targets: readonly Target[],
  timeout: number,
  interruption: Interruption,
): Promise<number | undefined> {
  const temporary = `${path}.tmp`;
  let count: number | undefined;
  try {
    count = await writeKeys(temporary, targets, timeout, interruption);
  } finally {
    // Half a list is of no use to anybody.
    if (count === undefined) await remove(temporary);
  }
  if (count !== undefined) await rename(temporary, path);
  return count;
}

async function writeKeys(
  path: string,
  targets: readonly Target[],
  timeout: number,
  interruption: Interruption,
): Promise<number | undefined> {
  const file = await create(path);
  using progress = new Progress('list keys');
  let count = 0;
  let text = '';
  try {
    for (const [index, target] of targets.entries()) {
      for await (const { encoded, expires, size } of metadump(target, timeout)) {
        text += `${index} ${encoded} ${expires ?? '-'} ${size}\n`;
        count++;
        if (text.length < BLOCK) continue;
        await file.write(text, null, 'latin1');
        text = '';
        progress.update(count);
        if (interruption.requested) return undefined;
      }
    }
    await file.write(text, null, 'latin1');
  } finally {
    await file.close();
  }
  return count;
}

/** The keys of the file from some byte on. */
export async function* readSpool(path: string, start: number): AsyncGenerator<SpooledKey> {
  for await (const { bytes, end } of readLines(path, start)) {
    const [server = '', key = '', expires = '', size = ''] = bytes.toString('latin1').split(' ');
    yield {
      server: Number(server),
      key: decode(key),
      expires: expires === '-' ? null : Number(expires),
      size: Number(size),
      end,
    };
  }
}
