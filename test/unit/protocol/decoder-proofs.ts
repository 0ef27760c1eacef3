import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemcacheError } from '../../../src/errors.ts';
import type { Protocol } from '../../../src/protocol/protocol.ts';
import { AbandonedRequest } from '../../../src/protocol/request.ts';
import { cut, decodePieces, type Exchange, KeptQueue, type KeptRequest, replay, streamOf } from './harness.ts';

/** What a desynchronised stream is refused with. */
export const DESYNCHRONISED = expect.objectContaining({
  code: 'ERR_PROTOCOL',
  message: expect.stringMatching(/^The stream from the server is desynchronised: /),
});

/** What holds for any decoder, shown on these exchanges. */
export function proveDecoder(protocol: Protocol, exchanges: readonly Exchange[]): void {
  const stream = streamOf(exchanges);
  const expected = exchanges.map(({ replies }) => replies);

  describe('a stream of every kind of answer', () => {
    it('is understood in one piece', () => {
      expect(replay(protocol, exchanges, [stream])).toEqual(expected);
    });

    it('is understood in two pieces, wherever it is cut', () => {
      // Each response for itself, with its neighbours: all cuts of the whole would take long.
      for (let i = 0; i < exchanges.length; i++) {
        const some = exchanges.slice(i, i + 2);
        const bytes = streamOf(some);
        const replies = some.map((exchange) => exchange.replies);
        for (let at = 0; at <= bytes.length; at++) {
          expect(replay(protocol, some, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(replies);
        }
      }
    });

    it('is understood byte by byte', () => {
      expect(replay(protocol, exchanges, cut(stream, [...stream.keys()]))).toEqual(expected);
    });

    it('is understood in any pieces', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(stream.length), { maxLength: 60 }), (offsets) => {
          expect(replay(protocol, exchanges, cut(stream, offsets))).toEqual(expected);
        }),
        { numRuns: 200 },
      );
    });

    it('is thrown away as far as it is for a request that was abandoned when half of it was there', () => {
      for (let i = 0; i < exchanges.length - 1; i++) {
        const [first, next] = exchanges.slice(i, i + 2) as [Exchange, Exchange];
        const bytes = streamOf([first, next]);
        const half = streamOf([first]).length >> 1;
        const [request, later] = [first, next].map((one, index) =>
          Object.assign(one.request(), { opaque: index * 1000 + 7 }),
        ) as [KeptRequest, KeptRequest];
        const queue = new KeptQueue([request, later]);
        const decoder = protocol.createDecoder(queue);
        decoder.decode(bytes, 0, half);
        const { length } = request.replies;
        queue.requests[0] = new AbandonedRequest(request);
        decoder.decode(bytes, half, bytes.length);
        expect(request.replies).toHaveLength(length);
        expect(later.replies).toEqual(next.replies);
      }
    });

    it('is not read on once the connection is over', () => {
      for (const exchange of exchanges) {
        const request = exchange.request();
        request.opaque = 7;
        const queue = new KeptQueue([request]);
        queue.closed = true;
        const rest = Buffer.concat([streamOf([exchange]), Buffer.from('garbage\n')]);
        expect(() => decodePieces(protocol, queue, [rest])).not.toThrow();
        expect(request.replies).toHaveLength(1);
      }
    });
  });

  describe('a desynchronised stream', () => {
    it('is refused when nothing waits for it', () => {
      for (const exchange of exchanges) {
        expect(() => decodePieces(protocol, new KeptQueue([]), [streamOf([exchange])])).toThrow(DESYNCHRONISED);
      }
    });

    it('ends in an error or in nothing when it is noise', () => {
      const noise = fc.array(
        fc.oneof(
          fc.constantFrom(
            'VA ',
            'VALUE k ',
            'EN\r\n',
            'END\r\n',
            'HD',
            ' O7',
            ' f0 ',
            '\r\n',
            '12',
            'STAT ',
            'ERROR',
            '\x81\0',
          ),
          fc.string(),
        ),
        { maxLength: 20 },
      );
      fc.assert(
        fc.property(noise, (words) => {
          replies(protocol, exchanges, [Buffer.from(words.join(''))]);
        }),
        { numRuns: 2000 },
      );
    });

    it('tells of a full server, whoever waits', () => {
      const full = Buffer.from('ERROR Too many open connections\r\n');
      const refusal = expect.objectContaining({
        code: 'ERR_CONNECT',
        message: 'The server has too many open connections',
      });
      expect(() => decodePieces(protocol, new KeptQueue([]), [full])).toThrow(refusal);
      for (const exchange of exchanges) {
        expect(() => decodePieces(protocol, new KeptQueue([exchange.request()]), [full])).toThrow(refusal);
      }
    });
  });
}

/** What holds for the decoder of a text protocol beside that. */
export function proveTextDecoder(protocol: Protocol, exchanges: readonly Exchange[]): void {
  proveDecoder(protocol, exchanges);
  const stream = streamOf(exchanges);
  const expected = exchanges.map(({ replies }) => replies);

  describe('a stream of text that is desynchronised', () => {
    it('ends in an error or in values that were sent, however it is damaged', () => {
      const sent = new Set(expected.flat().map((replies) => replies.value));
      const damage = fc.array(
        fc.record({ at: fc.nat(stream.length - 1), kind: fc.constantFrom('flip', 'drop', 'double'), bit: fc.nat(7) }),
        { minLength: 1, maxLength: 4 },
      );
      fc.assert(
        fc.property(damage, fc.array(fc.nat(stream.length), { maxLength: 8 }), (faults, offsets) => {
          const bytes = damaged(stream, faults);
          const touched = replies(protocol, exchanges, cut(bytes, offsets));
          // A bit that flips inside a value is no fault that the protocol could show.
          const values = touched.filter(({ flags, value }) => flags !== undefined && value !== undefined);
          for (const { value } of values) {
            const whole = value as string;
            const known = sent.has(whole) || bytes.includes(Buffer.from(`\r\n${whole}\r\n`, 'latin1'));
            expect(known).toBe(true);
          }
        }),
        { numRuns: 2000 },
      );
    });

    it('is refused when a line does not end', () => {
      const piece = Buffer.alloc(1000, 0x41);
      const queue = new KeptQueue([exchanges[0]?.request() as never]);
      let bytes = 0;
      const endless = (function* () {
        for (; bytes < 1_000_000; bytes += piece.length) yield piece;
      })();
      expect(() => decodePieces(protocol, queue, endless)).toThrow(DESYNCHRONISED);
      expect(bytes).toBeLessThan(10_000);
      expect(() => decodePieces(protocol, queue, [Buffer.from(`${'A'.repeat(9000)}\r\n`)])).toThrow(DESYNCHRONISED);
    });

    it('is refused when a line ends without CR', () => {
      for (const text of ['\n', 'EN\n', 'END\n', '\r\n']) {
        const queue = new KeptQueue([exchanges[0]?.request() as never]);
        expect(() => decodePieces(protocol, queue, [Buffer.from(text)])).toThrow(DESYNCHRONISED);
      }
    });
  });
}

/** Everything that was delivered before the stream ended or was refused; any other error fails the test. */
function replies(protocol: Protocol, exchanges: readonly Exchange[], pieces: Iterable<Buffer>) {
  const requests = exchanges.map(({ request }, index) => Object.assign(request(), { opaque: index * 1000 + 7 }));
  try {
    decodePieces(protocol, new KeptQueue(requests), pieces);
  } catch (error) {
    expect(error).toBeInstanceOf(MemcacheError);
    expect(['ERR_PROTOCOL', 'ERR_CONNECT']).toContain((error as MemcacheError).code);
  }
  return requests.flatMap((request) => request.replies);
}

interface Fault {
  at: number;
  kind: string;
  bit: number;
}

function damaged(stream: Buffer, faults: readonly Fault[]): Buffer {
  let bytes = Buffer.from(stream);
  for (const { at, kind, bit } of faults) {
    const place = Math.min(at, bytes.length - 1);
    if (kind === 'flip') bytes[place] = (bytes[place] as number) ^ (1 << bit);
    else {
      const rest = kind === 'drop' ? place + 1 : place - 1;
      bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(Math.max(0, rest))]);
    }
  }
  return bytes;
}
