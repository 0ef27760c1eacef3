import type { GetWithCasResult } from 'memts';
import { type GlobalOptions, openClient, withClient } from '../connection.ts';
import type { Decoded } from '../decode.ts';
import { describe, Exit, worstOf } from '../exit.ts';
import type { LayoutName } from '../layouts.ts';
import { outcomeOf } from '../many.ts';
import { complain, isTerminal, jsonBytes, print, printJson, regret, shown, shownText, write } from '../output.ts';

interface GetOptions extends GlobalOptions {
  cas?: true;
  raw?: true;
  decode?: true;
  layout?: LayoutName;
}

export async function get(keys: string[], options: GetOptions): Promise<number> {
  return withClient(await openClient(options), async (client) => {
    const answer = client.getMulti(keys, { cas: options.cas === true });
    const { found, errors, errorOf } = await outcomeOf(client, answer);
    const isOne = keys.length === 1;
    const problems: string[] = [];
    for (const key of keys) {
      const error = errorOf(key);
      const decoded = await decodedHit(found.get(key), options);
      if (decoded !== undefined && 'problem' in decoded) problems.push(`${key}: ${decoded.problem}`);
      await printFound({ key, hit: found.get(key), error, decoded }, isOne, options);
    }
    for (const error of new Set(errors.values())) complain(describe(error));
    for (const problem of problems) complain(problem);
    const exitCode = keys.every((key) => found.has(key)) && problems.length === 0 ? Exit.Ok : Exit.Miss;
    return Math.max(exitCode, worstOf(errors.values()));
  });
}

/** What has come of one key. */
interface Found {
  key: string;
  hit: GetWithCasResult<Buffer | null> | undefined;
  error: Error | undefined;
  /** What a layout makes of the value, where that was asked for. */
  decoded: Decoded | { problem: string } | undefined;
}

/** Loaded when it is asked for: it brings the layouts of all languages. */
async function decodedHit(hit: Found['hit'], { decode, layout }: GetOptions): Promise<Found['decoded']> {
  if (!hit?.value || (decode === undefined && layout === undefined)) return undefined;
  const { tryDecode } = await import('../decode.ts');
  return tryDecode(hit.value, hit.flags?.readUInt32BE(0) ?? 0, layout);
}

async function printFound(found: Found, isOne: boolean, options: GetOptions): Promise<void> {
  const { key, hit, error, decoded } = found;
  if (options.json) await printHit(found);
  else if (decoded !== undefined) await printDecoded(decoded, isOne ? undefined : key);
  else if (hit?.value) await write(printable(hit.value, isOne ? undefined : key, options.raw === true));
  else if (error === undefined) regret(`${shown(key, process.stderr)}: not found`);
}

/** A value as it is printed, its bytes as they are; of one of several with its key, and in a terminal harmless. */
function printable(value: Buffer, key: string | undefined, raw: boolean): string | Buffer {
  const end = Buffer.from('\n');
  if (key === undefined && (raw || !isTerminal())) return value;
  if (key === undefined) return `${shownText(value.toString())}\n`;
  if (isTerminal() && !raw) return `${shown(key)}: ${shown(value.toString())}\n`;
  return Buffer.concat([Buffer.from(`${key}: `), value, end]);
}

/** In a terminal as Node.js shows it, in a pipe as data; what can't be read is complained about. */
async function printDecoded(decoded: Decoded | { problem: string }, key: string | undefined): Promise<void> {
  if ('problem' in decoded) return;
  const { asData, inWords } = await import('../decode.ts');
  const start = key === undefined ? '' : `${shown(key)}: `;
  if (isTerminal()) return print(`${start}${shownText(inWords(decoded.value))}`);
  const data = asData(decoded.value);
  const end = key === undefined && (typeof decoded.value === 'string' || Buffer.isBuffer(data)) ? '' : '\n';
  await write(Buffer.concat([Buffer.from(start), Buffer.from(data), Buffer.from(end)]));
}

async function printHit({ key, hit, error, decoded }: Found): Promise<void> {
  if (!hit?.value && error !== undefined) return printJson({ key, error: describe(error) });
  if (!hit?.value) return printJson({ key, value: null });
  const { value, flags, cas } = hit;
  if (decoded !== undefined && 'layout' in decoded) {
    const { jsonForm } = await import('../decode.ts');
    const { layout, value: read } = decoded;
    return printJson({ key, value: jsonForm(read), layout, flags: flags?.readUInt32BE(0), cas });
  }
  return printJson({ key, ...jsonBytes(value, 'value', 'base64'), flags: flags?.readUInt32BE(0), cas });
}
