import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { Exit } from './exit.ts';

/** Whether a person reads the output. */
export function isTerminal(stream: NodeJS.WriteStream = process.stdout): boolean {
  return stream.isTTY === true;
}

/** Standard output can't be written to any more: what a command throws then, and nobody has to know. */
export class OutputError extends Error {}

/** A line of stderr that is drawn again and again, as a bar. */
export interface LiveLine {
  clear(): void;
  draw(): void;
}

let live: LiveLine | undefined;

/** Has what else is written to stderr stand above a line that is drawn again and again; without one, as it comes. */
export function keepBelow(line: LiveLine | undefined): void {
  live = line;
}

/** Writes something where the live line is, and draws that again below it. */
function overLine(writeIt: () => void): void {
  live?.clear();
  writeIt();
  live?.draw();
}

let broken: OutputError | undefined;

/** Has a command end, tidily, once its output goes nowhere. A reader that has seen enough, as `head`, is no error. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (broken !== undefined) return;
    broken = new OutputError(error.message, { cause: error });
    if (error.code === 'EPIPE') return;
    complain(`standard output: ${error.message}`);
    // The command may be about to end with a code of its own.
    process.on('exit', () => {
      process.exitCode = Exit.Usage;
    });
  });
  process.stderr.on('error', () => {});
}

/** Writes to standard output, and waits while the reader is behind. */
export async function write(text: string | Uint8Array): Promise<void> {
  if (broken !== undefined) throw broken;
  if (!process.stdout.write(text)) {
    await once(process.stdout, 'drain').catch((error) => {
      throw broken ?? error;
    });
  }
}

export function print(text: string): Promise<void> {
  return write(`${text}\n`);
}

/** What jq and JavaScript would round. */
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** An object in one line of JSON. A bigint among its fields is a number, or a string where it would be rounded. */
export function toJson(fields: object): string {
  const text = JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? jsonNumber(value) : value));
  return shownJson(text);
}

/** Lines of JSON without what JSON leaves as it is and a terminal obeys; to who reads JSON they mean the same. */
export function shownJson(lines: string): string {
  return lines.replace(CONTROLS, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function jsonNumber(value: bigint): number | string {
  return value <= MAX_SAFE ? Number(value) : String(value);
}

export function printJson(fields: object): Promise<void> {
  return print(toJson(fields));
}

/** One line on stderr. */
export function complain(text: string): void {
  overLine(() => process.stderr.write(`memts: ${shownText(text, process.stderr)}\n`));
}

/** What went well, in words, for a person; a program has the exit code. */
export async function remark(text: string): Promise<void> {
  if (isTerminal()) await print(text);
}

/** What did not, likewise. */
export function regret(text: string): void {
  if (isTerminal(process.stderr)) complain(text);
}

/** What has a terminal do things, or show letters in another order. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text in one line of a terminal, where control characters of a server, a file or a value would have it do things. */
export function shown(text: string, stream?: NodeJS.WriteStream): string {
  return isTerminal(stream) ? escaped(text) : text;
}

/** The same for text of several lines. */
export function shownText(text: string, stream?: NodeJS.WriteStream): string {
  return isTerminal(stream) ? text.replace(CONTROLS, (char) => ('\n\t'.includes(char) ? char : codeOf(char))) : text;
}

export function escaped(text: string): string {
  return text.replace(CONTROLS, codeOf);
}

function codeOf(char: string): string {
  const code = char.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}

/** A key or a value in JSON: text where the bytes are UTF-8, base64 where they are not. */
export function jsonBytes<TText extends string, TBytes extends string>(
  bytes: Buffer,
  text: TText,
  base64: TBytes,
): Record<TText, string> | Record<TBytes, string> {
  const named = isUtf8(bytes) ? { [text]: bytes.toString() } : { [base64]: bytes.toString('base64') };
  return named as Record<TText, string> | Record<TBytes, string>;
}
