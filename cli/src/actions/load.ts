import { fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Client, Statistics } from 'memts';
import { type GlobalOptions, openClient, timeoutOf, withClient } from '../connection.ts';
import { type Batch, batches, batchOptions } from '../dump/batches.ts';
import { isFile, type Line, readLines, remove, StateFile } from '../dump/files.ts';
import { type DumpedItem, parseItem } from '../dump/item.ts';
import { CliError, describe, Exit, isLost } from '../exit.ts';
import { Interruption } from '../interruption.ts';
import { clockAhead } from '../metadump.ts';
import { complain, printJson } from '../output.ts';
import { MAX_RELATIVE } from '../parsers.ts';
import { Progress } from '../progress.ts';
import { counted, humanCount } from '../units.ts';

interface LoadOptions extends GlobalOptions {
  /** Commander's way to say `--no-clobber`. */
  clobber: boolean;
  keepTtl?: true;
  restart?: true;
}

/** How far a load has come, and of which file: all lines up to here have been answered. */
interface State {
  servers: string[];
  size: number;
  modified: number;
  offset: number;
  lines: number;
  loaded: number;
  /** Not stored, since there was something already. */
  kept: number;
  expired: number;
  failed: number;
}

/** How items are stored. */
interface Manner {
  clobber: boolean;
  keepTtl: boolean;
  /** Whether the servers accept the time at which an item expires, rather than the time until then: it does not drift. */
  sameClock: boolean;
}

export async function load(file: string, options: LoadOptions): Promise<number> {
  const client = await openClient(options, batchOptions(timeoutOf(options)));
  return withClient(client, () => loadInto(client, file === '-' ? undefined : file, options));
}

async function loadInto(client: Client, file: string | undefined, options: LoadOptions): Promise<number> {
  using interruption = new Interruption();
  // A pipe can't be taken up again.
  const again = file !== undefined && (await isFile(file)) !== false;
  const stateFile = again ? new StateFile<State>(`${file}.progress`) : undefined;
  if (options.restart && stateFile !== undefined) await remove(stateFile.path);
  const state = await stateOf(file, stateFile, client);
  const manner = { clobber: options.clobber, keepTtl: options.keepTtl === true, sameClock: await hasOurClock(client) };
  const complaints = new Complaints();
  const work = { file, stateFile, client, manner, state, interruption, complaints };
  const complete = await send(work)
    .finally(() => complaints.finish())
    .catch((error) => {
      stopped(work);
      throw error;
    });
  if (!complete) {
    stopped(work);
    return interruption.exitCode;
  }
  if (stateFile !== undefined) await remove(stateFile.path);
  const { lines, loaded, kept, expired, failed } = state;
  if (options.json) await printJson({ lines, loaded, kept, expired, failed });
  else
    complain(
      `loaded ${counted(loaded, 'item')}${also(kept, 'kept')}${also(expired, 'expired')}${also(failed, 'failed')}`,
    );
  return failed > 0 ? Exit.Miss : Exit.Ok;
}

function stopped({ stateFile, state }: Work): void {
  const advice = stateFile === undefined ? '' : '; the same command goes on from there';
  complain(`stopped after line ${state.lines}${advice}`);
}

function also(count: number, what: string): string {
  return count === 0 ? '' : `, ${humanCount(count)} ${what}`;
}

/** Where a load begins: at the start, or where one of the same file into the same servers was interrupted. */
async function stateOf(
  file: string | undefined,
  stateFile: StateFile<State> | undefined,
  client: Client,
): Promise<State> {
  const servers = client.servers.map(({ name }) => name);
  const fresh = { servers, size: 0, modified: 0, offset: 0, lines: 0, loaded: 0, kept: 0, expired: 0, failed: 0 };
  if (file === undefined || stateFile === undefined) return { ...fresh, size: pipedSize(file) };
  const { size, mtimeMs: modified } = await stat(file);
  const before = await stateFile.read();
  if (before?.size === size && before.modified === modified && String(before.servers) === String(servers)) {
    complain(`going on after line ${before.lines}`);
    return { ...fresh, ...before };
  }
  return { ...fresh, size, modified };
}

/** Of standard input that is a file, for the bar; of a pipe nobody knows it. */
function pipedSize(file: string | undefined): number {
  const piped = file === undefined ? fstatSync(process.stdin.fd) : undefined;
  return piped?.isFile() ? piped.size : 0;
}

interface Work {
  file: string | undefined;
  stateFile: StateFile<State> | undefined;
  client: Client;
  manner: Manner;
  state: State;
  interruption: Interruption;
  complaints: Complaints;
}

/** So many errors are reported one by one. */
const MOST_COMPLAINTS = 20;

/** The errors of lines: the first ones as they come, and how many more there were. */
class Complaints {
  #more = 0;
  #count = 0;

  add(text: string): void {
    if (++this.#count <= MOST_COMPLAINTS) complain(text);
    else this.#more++;
  }

  finish(): void {
    if (this.#more > 0) complain(`${counted(this.#more, 'line')} more could not be stored`);
    this.#more = 0;
  }
}

/** Sends batch after batch; whether it got to the end. */
async function send(work: Work): Promise<boolean> {
  const { file, state, interruption } = work;
  const known = state.size > 0;
  using progress = known ? new Progress('load', state.size, state.offset, 'percent') : new Progress('load lines');
  for await (const batch of batches(readLines(file, state.offset), ({ bytes }) => bytes.length)) {
    if (interruption.requested) return false;
    await sendBatch(batch, work);
    progress.update(known ? state.offset : state.lines);
  }
  return true;
}

/** Stores the items of some lines, and notes how far that is. */
async function sendBatch(batch: Batch<Line>, { state, stateFile, client, manner, complaints }: Work): Promise<void> {
  const outcomes = await Promise.all(batch.map(({ bytes }) => storeLine(bytes, client, manner)));
  // Then nothing of it counts: it is sent again as a whole.
  for (const { error } of outcomes) if (error !== undefined && isLost(error)) throw error;
  for (const [index, { outcome, error }] of outcomes.entries()) {
    if (outcome !== undefined) state[outcome]++;
    if (error !== undefined) complaints.add(`line ${state.lines + index + 1}: ${describe(error)}`);
  }
  state.lines += batch.length;
  state.offset = (batch.at(-1) ?? batch[0]).end;
  await stateFile?.write(state);
}

interface Outcome {
  /** Which count it goes to; none for an empty line. */
  outcome?: 'loaded' | 'kept' | 'expired' | 'failed';
  error?: unknown;
}

const CARRIAGE_RETURN = Buffer.from('\r');

async function storeLine(line: Buffer, client: Client, manner: Manner): Promise<Outcome> {
  // Nothing, or the end of a line of another system.
  if (line.length === 0 || line.equals(CARRIAGE_RETURN)) return {};
  let item: DumpedItem;
  try {
    item = parseItem(line);
  } catch (error) {
    return { outcome: 'failed', error: new CliError(Exit.Miss, describe(error)) };
  }
  const expires = expirationOf(item, manner);
  if (expires === undefined) return { outcome: 'expired' };
  const { key, value, flags } = item;
  try {
    if (manner.clobber) await client.set(key, value, { flags, expires });
    else if (!(await client.add(key, value, { flags, expires }))) return { outcome: 'kept' };
    return { outcome: 'loaded' };
  } catch (error) {
    return { outcome: 'failed', error };
  }
}

/** The expiration to store an item with, 0 for ever; nothing if it has expired already. */
function expirationOf({ ttl, expires }: DumpedItem, { keepTtl, sameClock }: Manner): number | undefined {
  const now = Math.round(Date.now() / 1000);
  const left = expires === null || (keepTtl && ttl !== null) ? ttl : expires - now;
  if (left === null) return 0;
  if (left <= 0) return undefined;
  return sameClock || left > MAX_RELATIVE ? now + left : left;
}

/** Whether all servers have the time that we have. */
async function hasOurClock(client: Client): Promise<boolean> {
  const statistics = await client.stats().catch((error): Record<string, Statistics> => {
    // A proxy has none.
    if (isLost(error)) throw error;
    return {};
  });
  const times = Object.values(statistics).map(({ time }) => Number(time));
  return times.length === client.servers.length && times.every((time) => clockAhead(time) === 0);
}
