import { expect } from 'vitest';
import type { Protocol } from '../../../src/protocol/protocol.ts';
import { DESYNCHRONISED } from './decoder-proofs.ts';
import { cut, decodePieces, KeptQueue, type KeptRequest } from './harness.ts';

/** Shows that a response is desynchronised, in one piece, in any two and byte by byte, and that nobody got anything. */
export function expectDesynchronised(protocol: Protocol, make: () => KeptRequest, answer: string | Buffer): void {
  const bytes = Buffer.from(answer as string, 'latin1');
  const cuts = [...bytes.keys()];
  for (const offsets of [[], cuts, ...(bytes.length < 200 ? cuts.map((at) => [at]) : [])]) {
    const request = Object.assign(make(), { opaque: 7 });
    expect(() => decodePieces(protocol, new KeptQueue([request]), cut(bytes, offsets)), String(answer)).toThrow(
      DESYNCHRONISED,
    );
    expect(request.replies).toEqual([]);
  }
}

/** The milliseconds of this process that it takes to decode a stream in pieces of this size. */
export function timeToDecode(protocol: Protocol, request: KeptRequest, stream: Buffer, pieceBytes: number): number {
  const decoder = protocol.createDecoder(new KeptQueue([request]));
  const start = process.cpuUsage();
  for (let at = 0; at < stream.length; at += pieceBytes) {
    decoder.decode(stream, at, Math.min(stream.length, at + pieceBytes));
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
