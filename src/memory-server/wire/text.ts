import type { Output } from '../../protocol/protocol.ts';

/** Takes the data block behind a line; `valid` is whether CR LF ends it. */
export type TakeData = (data: string, valid: boolean) => void;

/** What a storage command answers a line with: how to take its data block, and how long that is without its CR LF. */
export interface DataBlock {
  length: number;
  take: TakeData;
}

/** Writes the rest of a long response; false when it has to wait and be called again. */
export type Continuation = () => boolean;

/**
 * The server's side of the text lines that the classic and the meta protocol share (memcached's `doc/protocol.txt`):
 * where a line ends, what its words are, how replies are written.
 */

/** Past this many bytes without a line end, memcached closes unless the line is a `get` or `gets`. */
const MAX_LINE = 2048;

/** How long the line of a `get` may become here, so that nobody can fill the memory with an endless one. */
export const MAX_GET_LINE = 4 * 1024 * 1024;

/** Past this many leading spaces memcached does not look for a `get` any more. */
const LEADING_SPACES = 100;

/** Shorter lines, their ends included, are no commands. */
export const SHORTEST_LINE = 4;

const MOST_WORDS = 23;

const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;

/** What {@link lineLength} answers for a line that will never end. */
export const ENDLESS = -1;

/** How long the line at `start` is, its end included; 0 while it has no end, {@link ENDLESS} once it is too long. */
export function lineLength(buffer: Buffer, start: number, from: number, end: number): number {
  const at = end === buffer.length ? buffer.indexOf(LF, from) : buffer.subarray(0, end).indexOf(LF, from);
  if (at !== -1) return at + 1 - start;
  return end - start > MAX_LINE && !mayBeLong(buffer, start, end) ? ENDLESS : 0;
}

function mayBeLong(buffer: Buffer, start: number, end: number): boolean {
  if (end - start > MAX_GET_LINE) return false;
  let at = start;
  while (at < end && buffer[at] === SPACE) at++;
  if (at - start > LEADING_SPACES) return false;
  const word = buffer.toString('latin1', at, at + 5);
  return word.startsWith('get ') || word === 'gets ';
}

/** The line between `start` and `end`, without its end. */
export function lineText(buffer: Buffer, start: number, end: number): string {
  const stop = buffer[end - 2] === CR && end - 2 >= start ? end - 2 : end - 1;
  return buffer.toString('latin1', start, stop);
}

/** The first words of a line, which only spaces divide; memcached looks at no more of them. */
export function wordsOf(line: string): string[] {
  const words = line.split(' ');
  const given = words.includes('') ? words.filter((word) => word !== '') : words;
  return given.length > MOST_WORDS ? given.slice(0, MOST_WORDS) : given;
}

/** All of a line from its word number `index` on. */
export function fromWord(line: string, index: number): string {
  let at = 0;
  for (let left = index; ; left--) {
    while (line.charCodeAt(at) === SPACE) at++;
    if (left === 0) return line.slice(at);
    const space = line.indexOf(' ', at);
    at = space === -1 ? line.length : space;
  }
}

/**
 * A word of a line as a string of its own. V8 lets a part of a string refer to the whole, so that a key that is kept
 * would keep its line; that does no harm unless the line is much longer.
 */
export function ownWord(word: string, line: string): string {
  return line.length - word.length > 256 ? Buffer.from(word, 'latin1').toString('latin1') : word;
}

/** Writes a text of one byte a character. */
export function writeText(output: Output, text: string): void {
  output.reserve(text.length);
  output.position += output.buffer.write(text, output.position, 'latin1');
}

/** Writes one reply line. */
export function writeLine(output: Output, text: string): void {
  writeText(output, `${text}\r\n`);
}

/** Writes one hit of a `get`; `cas` only for `gets` and `gats`. */
export function writeHit(output: Output, key: string, flags: number, value: string, cas?: bigint): void {
  const head =
    cas === undefined
      ? `VALUE ${key} ${flags} ${value.length}\r\n`
      : `VALUE ${key} ${flags} ${value.length} ${cas}\r\n`;
  writeBlock(output, head, value);
}

/** Writes a reply line, which has its CRLF, and the data block that belongs to it. */
export function writeBlock(output: Output, head: string, value: string): void {
  output.reserve(head.length + value.length + 2);
  const { buffer } = output;
  let { position } = output;
  position += buffer.write(head, position, 'latin1');
  position += buffer.write(value, position, 'latin1');
  buffer[position] = CR;
  buffer[position + 1] = LF;
  output.position = position + 2;
}

/** What the data block of ASCII authentication says: a user name up to the first space, and the rest is the password. */
export function credentialsOf(data: string): { username: string; password: string } | undefined {
  const space = data.indexOf(' ');
  return space === -1 ? undefined : { username: data.slice(0, space), password: data.slice(space + 1) };
}
