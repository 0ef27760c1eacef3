import { expect } from 'vitest';
import type { Protocol } from '../../../../src/protocol/protocol.ts';
import { OUT_OF_STEP } from './decoder-proofs.ts';
import { cut, decodePieces, KeptQueue, type KeptRequest } from './harness.ts';

/** Shows that an answer is out of step, in one piece and byte by byte, and that nobody was told anything. */
export function expectOutOfStep(protocol: Protocol, make: () => KeptRequest, answer: string): void {
  const bytes = Buffer.from(answer, 'latin1');
  for (const pieces of [[bytes], cut(bytes, [...bytes.keys()])]) {
    const request = Object.assign(make(), { opaque: 7 });
    expect(() => decodePieces(protocol, new KeptQueue([request]), pieces), answer).toThrow(OUT_OF_STEP);
    expect(request.told).toEqual([]);
  }
}

/** How long it takes to decode a stream in pieces of this size, in milliseconds. */
export function timeToDecode(protocol: Protocol, request: KeptRequest, stream: Buffer, pieceBytes: number): number {
  const decoder = protocol.createDecoder(new KeptQueue([request]));
  const start = performance.now();
  for (let at = 0; at < stream.length; at += pieceBytes) {
    decoder.decode(stream, at, Math.min(stream.length, at + pieceBytes));
  }
  return performance.now() - start;
}
