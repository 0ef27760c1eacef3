import { OutputBuffer } from '../../src/connection/output-buffer.ts';
import { binary } from '../../src/protocol/binary/index.ts';
import { classic } from '../../src/protocol/classic/index.ts';
import { meta } from '../../src/protocol/meta/index.ts';
import { Op } from '../../src/protocol/op.ts';
import type { Protocol, ReplyQueue } from '../../src/protocol/protocol.ts';
import { Request } from '../../src/protocol/request.ts';
import { response } from '../../test/support/binary-frames.ts';

export const PROTOCOLS: readonly Protocol[] = [binary, meta, classic];
export const KEY = 'bench:00:data:000123';
const OPAQUE = 0x0d0a0000;

/** A request that only remembers what it was answered with, as a command's promise does. */
class Probe extends Request {
  seen: unknown;

  override settle(reply: { value: unknown }): void {
    this.seen = reply.value;
  }

  override fail(): void {}
}

export function getRequest(): Request {
  const request = new Probe(Op.Get, KEY);
  request.opaque = OPAQUE;
  return request;
}

export function setRequest(value: Buffer): Request {
  const request = new Probe(Op.Set, KEY);
  request.opaque = OPAQUE;
  request.value = value;
  return request;
}

/** Encodes a request into a block that is used again and again, as a connection does. */
export function encoder(protocol: Protocol, request: Request): () => number {
  const output = new OutputBuffer();
  const sink = { write: () => true, cork() {}, uncork() {} } as never;
  return () => {
    output.rewind();
    protocol.encode(request, output);
    const { position } = output;
    output.flush(sink);
    return position;
  };
}

/** Decodes a chunk with `answers` replies to the same request. */
export function decoder(protocol: Protocol, request: Request, reply: Buffer, answers: number): () => unknown {
  const queue: ReplyQueue = {
    head: () => request,
    deliver(reply) {
      request.settle(reply);
      return true;
    },
  };
  const chunk = Buffer.concat(Array.from({ length: answers }, () => reply));
  const decode = protocol.createDecoder(queue);
  return () => decode.decode(chunk, 0, chunk.length);
}

/** What a server answers to {@link getRequest}. */
export function hit({ name }: Protocol, value: Buffer): Buffer {
  if (name === 'meta') return text(`VA ${value.length} O${OPAQUE} f0\r\n`, value, '\r\n');
  if (name === 'classic') return text(`VALUE ${KEY} 0 ${value.length}\r\n`, value, '\r\nEND\r\n');
  return response(0, { opaque: OPAQUE, extras: Buffer.alloc(4), value });
}

export function miss({ name }: Protocol): Buffer {
  if (name === 'meta') return Buffer.from('EN\r\n');
  if (name === 'classic') return Buffer.from('END\r\n');
  return response(0, { opaque: OPAQUE, status: 1, value: 'Not found' });
}

function text(head: string, value: Buffer, end: string): Buffer {
  return Buffer.concat([Buffer.from(head), value, Buffer.from(end)]);
}
