/** The bytes of a key in percent-encoding; they need not be text. */
export function decode(encoded: string): Buffer {
  if (!encoded.includes('%')) return Buffer.from(encoded, 'latin1');
  const bytes = encoded.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
