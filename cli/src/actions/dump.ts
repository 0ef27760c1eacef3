import { type FileHandle, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GlobalOptions, openTargets, type Target, timeoutOf, withTargets } from '../connection.ts';
import { type Batch, batches, batchOptions } from '../dump/batches.ts';
import { create, finish, isFile, Lock, remove, reopen, StateFile } from '../dump/files.ts';
import { formatItem } from '../dump/item.ts';
import { type Run, restarted, runsOf } from '../dump/runs.ts';
import { readSpool, type SpooledKey, spoolKeys } from '../dump/spool.ts';
import { Exit, serverError, usageError } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { complain, isTerminal, printJson, shownJson, write } from '../output.ts';
import { Progress } from '../progress.ts';
import { counted, humanBytes } from '../units.ts';

interface DumpOptions extends GlobalOptions {
  restart?: true;
}

/** How far a dump has come: what the files beside it hold up to here belongs to it, the rest is done again. */
interface State {
  servers: string[];
  /** How many keys were listed. */
  total: number;
  /** Where the next key is in the list. */
  next: number;
  /** The bytes of the dump that are good. */
  size: number;
  keys: number;
  items: number;
  /** Of which run of each server the list is. */
  runs: (Run | null)[];
}

export async function dump(file: string, options: DumpOptions): Promise<number> {
  const targets = await openTargets(options, batchOptions(timeoutOf(options)));
  return withTargets(targets, async () =>
    file === '-' ? dumpToPipe(targets, options) : dumpToFile(await placeOf(file), targets, options),
  );
}

/** Where the dump is to be. It takes the place of what is there, so that has to be a file; a link to one stays. */
async function placeOf(file: string): Promise<string> {
  const there = await isFile(file);
  // /dev/stdout may stand for a file, but one that others write to as well.
  if (there === false || /^\/(dev|proc)\//.test(file))
    throw usageError(`${file} is no file; - writes to standard output`);
  return there ? realpath(file) : file;
}

async function dumpToPipe(targets: Target[], options: DumpOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'memts-dump-'));
  try {
    using interruption = new Interruption();
    const list = join(folder, 'keys');
    const total = await spoolKeys(list, targets, timeoutOf(options), interruption);
    if (total === undefined) return interruption.exitCode;
    for await (const { text } of readItems(list, 0, targets)) {
      await write(isTerminal() ? shownJson(text) : text);
      if (interruption.requested) return interruption.exitCode;
    }
    return Exit.Ok;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function dumpToFile(file: string, targets: Target[], options: DumpOptions): Promise<number> {
  const partial = `${file}.partial`;
  const list = `${partial}.keys`;
  const stateFile = new StateFile<State>(`${partial}.json`);
  await using _lock = await Lock.take(`${partial}.lock`, `a dump to ${file}`);
  using interruption = new Interruption();
  if (options.restart) await remove(partial, list, stateFile.path);
  const state =
    (await resumed(partial, stateFile, targets)) ?? (await begun(partial, stateFile, targets, options, interruption));
  if (state === undefined) {
    complain('interrupted while listing the keys; nothing was dumped');
    return interruption.exitCode;
  }
  const out = await reopen(partial);
  try {
    // What came after the last note of how far we were may be half a line.
    await out.truncate(state.size);
    await copy(state, list, targets, out, stateFile, interruption);
  } finally {
    await out.close();
    if (state.keys < state.total) {
      complain(`stopped at key ${state.keys} of ${state.total}; the same command goes on from there`);
    }
  }
  if (state.keys < state.total) return interruption.exitCode;
  const again = restarted(targets, state.runs, await runsOf(targets));
  await finish(partial, file);
  await remove(list, stateFile.path);
  await report(state, again, options);
  return again.length > 0 ? Exit.Server : Exit.Ok;
}

/** What was dumped, and what was listed and not found any more. */
async function report({ items, total, size }: State, again: string[], { json }: DumpOptions): Promise<void> {
  const gone = total - items;
  if (json) await printJson({ items, bytes: size, gone, restarted: again });
  else complain(`dumped ${counted(items, 'item')}, ${humanBytes(size)}${gone > 0 ? `; ${lost(gone)}` : ''}`);
  for (const name of again) complain(`${name} was started again meanwhile: what it held is not in the dump`);
}

function lost(gone: number): string {
  return `${counted(gone, 'key')} of the list ${gone === 1 ? 'was' : 'were'} gone when read`;
}

/** A dump that was interrupted, if there is one. */
async function resumed(
  partial: string,
  stateFile: StateFile<State>,
  targets: readonly Target[],
): Promise<State | undefined> {
  const state = await stateFile.read();
  if (state === undefined) return undefined;
  const there = await stat(partial).catch(() => undefined);
  if (there === undefined || there.size < Number(state.size)) return undefined;
  if (String(state.servers) !== String(names(targets))) {
    throw usageError(`${partial} is of other servers (${state.servers}); --restart begins again`);
  }
  const again = restarted(targets, state.runs ?? [], await runsOf(targets));
  if (again.length > 0) {
    throw serverError(`${again.join(', ')} was started again, so what was listed is gone; --restart begins again`);
  }
  complain(`going on at key ${state.keys} of ${state.total}`);
  return state as State;
}

async function begun(
  partial: string,
  stateFile: StateFile<State>,
  targets: readonly Target[],
  options: DumpOptions,
  interruption: Interruption,
): Promise<State | undefined> {
  // Before the list: what is started again while it is made has lost what was listed.
  const runs = await runsOf(targets);
  const total = await spoolKeys(`${partial}.keys`, targets, timeoutOf(options), interruption);
  if (total === undefined) return undefined;
  await (await create(partial)).close();
  const state: State = { servers: names(targets), total, next: 0, size: 0, keys: 0, items: 0, runs };
  await stateFile.write(state);
  return state;
}

function names(targets: readonly Target[]): string[] {
  return targets.map(({ name }) => name);
}

/** Goes on where the state says, and keeps it up to date. */
async function copy(
  state: State,
  list: string,
  targets: readonly Target[],
  out: FileHandle,
  stateFile: StateFile<State>,
  interruption: Interruption,
): Promise<void> {
  using progress = new Progress('dump', state.total, state.keys);
  for await (const { text, keys, items, end } of readItems(list, state.next, targets)) {
    const bytes = Buffer.from(text);
    await writeAll(out, bytes, state.size);
    state.size += bytes.length;
    state.next = end;
    state.keys += keys;
    state.items += items;
    await stateFile.write(state);
    progress.update(state.keys);
    if (interruption.requested) return;
  }
}

async function writeAll(out: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await out.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

interface Part {
  /** Lines of the dump. */
  text: string;
  keys: number;
  items: number;
  /** Where the next part begins in the list. */
  end: number;
}

/** The items of a list of keys, batch by batch. */
async function* readItems(list: string, start: number, targets: readonly Target[]): AsyncGenerator<Part> {
  const sameServer = (first: SpooledKey, next: SpooledKey): boolean => first.server === next.server;
  for await (const batch of batches(readSpool(list, start), ({ size }) => size, sameServer)) {
    yield await readBatch(batch, targets);
  }
}

/** Reads the items of one server. One that has gone since it was listed is left out. */
async function readBatch(batch: Batch<SpooledKey>, targets: readonly Target[]): Promise<Part> {
  const [first] = batch;
  const { end } = batch.at(-1) ?? first;
  const target = targets[first.server];
  if (target === undefined) throw usageError('the list of keys does not belong to these servers; use --restart');
  const found = await target.client.getMulti(batch.map(({ key }) => key));
  const [error] = found.errors.values();
  if (error !== undefined) throw error;
  const now = Math.round(Date.now() / 1000);
  const lines: string[] = [];
  for (const { key, expires } of batch) {
    const hit = found.get(key);
    if (!hit?.value) continue;
    // It was there a moment ago, so it has not expired, whatever the rounding says.
    const ttl = expires === null ? null : Math.max(1, expires - now);
    const flags = hit.flags?.readUInt32BE(0) ?? 0;
    lines.push(formatItem({ key, value: hit.value, flags, ttl, expires: ttl === null ? null : now + ttl }));
  }
  return { text: lines.join(''), keys: batch.length, items: lines.length, end };
}
