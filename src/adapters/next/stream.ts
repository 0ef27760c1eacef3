import { MemcacheError } from '../../index.ts';

/** All bytes of a stream. Rejects with its error, or with `ERR_VALUE_TOO_LARGE`: the stream is cancelled then. */
export async function collect(stream: ReadableStream<Uint8Array>, most: number): Promise<Buffer> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks, length);
    length += value.byteLength;
    if (length > most) {
      // Nobody else reads it, and what its source says of that is of no use.
      void reader.cancel().catch(() => {});
      throw new MemcacheError('ERR_VALUE_TOO_LARGE', 'A value is over maxBytes');
    }
    chunks.push(value);
  }
}

/** A stream of these bytes, for one reader, who may do with their memory what it likes. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(new Uint8Array(bytes));
      controller.close();
    },
  });
}
