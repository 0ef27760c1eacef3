/** What begins another line, has a terminal do things, or shows letters in another order. */
const HOSTILE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text in one line of a log, where names and messages of others would have it be more than that. */
export function printable(text: string): string {
  return text.replace(HOSTILE, escaped);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}
