/** MemJS's hash of a key: Java's `String.hashCode`, without its sign. */
export function hashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (31 * hash + text.charCodeAt(i)) | 0;
  return Math.abs(hash);
}
