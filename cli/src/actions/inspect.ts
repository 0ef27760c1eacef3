import type { Client, Inspection } from 'memts';
import { colors } from '../colors.ts';
import { type GlobalOptions, openClient, withClient } from '../connection.ts';
import { describe, Exit, worstOf } from '../exit.ts';
import type { LayoutName } from '../layouts.ts';
import { complain, jsonBytes, print, printJson, regret, shown } from '../output.ts';
import { humanBytes, humanSeconds } from '../units.ts';

interface InspectOptions extends GlobalOptions {
  preview?: true;
}

/** So many bytes of a value are shown. */
const PREVIEW = 200;

/** What has come of one key. */
interface Looked {
  key: string;
  item?: Inspection | null;
  error?: unknown;
  /** The beginning of the value, and what the serializers make of the whole. */
  preview?: Buffer;
  decoded?: { layout: LayoutName; text: string } | { problem: string };
}

export async function inspect(keys: string[], options: InspectOptions): Promise<number> {
  return withClient(await openClient(options), (client) => inspectAll(client, keys, options));
}

async function inspectAll(client: Client, keys: string[], options: InspectOptions): Promise<number> {
  const looked = await Promise.all(keys.map((key) => look(client, key, options)));
  for (const one of looked) await (options.json ? printAsJson(one) : printAsText(one));
  const errors = looked.map(({ error }) => error).filter((error) => error !== undefined);
  for (const text of new Set(errors.map(describe))) complain(text);
  const exitCode = looked.some(({ item }) => item === null) ? Exit.Miss : Exit.Ok;
  return Math.max(exitCode, worstOf(errors));
}

async function look(client: Client, key: string, { preview: wanted }: InspectOptions): Promise<Looked> {
  try {
    const item = await client.inspect(key);
    if (!wanted || item === null) return { key, item };
    const { value } = await client.get(key);
    if (value === null) return { key, item };
    const { inWords, tryDecode } = await import('../decode.ts');
    const decoded = tryDecode(value, item.flags);
    const preview = value.subarray(0, PREVIEW);
    if ('problem' in decoded) return { key, item, preview, decoded };
    return { key, item, preview, decoded: { layout: decoded.layout, text: inWords(decoded.value) } };
  } catch (error) {
    return { key, error };
  }
}

function printAsJson({ key, item, error, preview, decoded }: Looked): Promise<void> {
  if (error !== undefined) return printJson({ key, error: describe(error) });
  const start = preview === undefined ? {} : jsonBytes(preview, 'preview', 'previewBase64');
  const read = decoded && 'text' in decoded ? { layout: decoded.layout, decoded: decoded.text.slice(0, PREVIEW) } : {};
  return printJson(item ? { key, ...item, ...start, ...read } : { key, item: null });
}

async function printAsText({ key, item, error, preview, decoded }: Looked): Promise<void> {
  if (error !== undefined) return;
  if (!item) {
    regret(`${shown(key, process.stderr)}: not found`);
    return;
  }
  const { server, ttl, size, flags, idle, fetched, cas, stale } = item;
  const rows: [string, string][] = [
    ['server', server],
    ['ttl', ttl === null ? 'never expires' : humanSeconds(ttl)],
    ['size', humanBytes(size)],
    ['flags', flags < 10 ? String(flags) : `${flags} (0x${flags.toString(16)})`],
    ['idle', humanSeconds(idle)],
    ['read', fetched ? 'yes' : 'not since it was stored'],
    ['cas', cas === null ? 'switched off (-C)' : String(cas)],
    ['stale', stale ? 'yes: getOrSet computes it again' : 'no'],
  ];
  if (decoded !== undefined) rows.push(['layout', 'layout' in decoded ? decoded.layout : decoded.problem]);
  const text = decoded && 'text' in decoded ? decoded.text.replace(/\s*\n\s*/g, ' ') : preview?.toString();
  if (text !== undefined)
    rows.push(['value', `${text.slice(0, PREVIEW)}${size > PREVIEW || text.length > PREVIEW ? ' …' : ''}`]);
  await print(colors.bold(shown(key)));
  for (const [name, text] of rows) await print(`  ${name.padEnd(7)} ${shown(text)}`);
}
