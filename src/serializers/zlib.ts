import { constants as bufferConstants } from 'node:buffer';
import { zlibModule } from '../builtins.ts';
import { invalidArgument, isInteger, MemcacheError } from '../errors.ts';
import { byteCount, unreadable } from './layout.ts';

/** A compressed format of Node's `node:zlib`: gzip is RFC 1952, deflate RFC 1950, brotli RFC 7932, zstd RFC 8878. */
export type CompressionAlgorithm = 'gzip' | 'deflate' | 'brotli' | 'zstd';

/** Compressed data may come to this many bytes, unless the caller says otherwise. */
export const DEFAULT_MAX_OUTPUT_LENGTH = 64 * 1024 * 1024;

/** Brotli's own default, 11, is its slowest: too slow for a cache. */
const BROTLI_QUALITY = 4;

interface Options {
  level?: number;
  params?: Record<number, number>;
  maxOutputLength?: number;
  info?: boolean;
}
type Run = (bytes: Uint8Array, options: Options) => unknown;
type RunLater = (bytes: Uint8Array, options: Options, done: (error: Error | null, result: Buffer) => void) => void;

/** What `info: true` makes of the result: the engine counts the bytes that it has taken. */
interface Informed {
  buffer: Buffer;
  engine: { bytesWritten: number };
}

interface Codec {
  compress: Run;
  compressLater: RunLater;
  decompress: Run;
  /** The range of the level. */
  levels: readonly [lowest: number, highest: number];
  /** How the level is said. */
  options(level: number | undefined): Options;
}

const levelOf = (level: number | undefined): Options => (level === undefined ? {} : { level });

type Codecs = Readonly<Record<CompressionAlgorithm, Codec | undefined>>;

let known: Codecs | undefined;

/** Made when they are first asked for, since few programs compress. */
function codecs(): Codecs {
  known ??= makeCodecs(zlibModule());
  return known;
}

interface Zstd {
  zstdCompress: RunLater;
  zstdCompressSync: Run;
  zstdDecompressSync: Run;
}

const ZSTD_LEVEL = 100; // ZSTD_c_compressionLevel

function makeCodecs(zlib: typeof import('node:zlib')): Codecs {
  // From Node.js 22.15 on; older types don't have it.
  const { zstdCompress, zstdCompressSync, zstdDecompressSync } = zlib as Partial<Zstd>;
  return {
    gzip: {
      compress: zlib.gzipSync,
      compressLater: zlib.gzip,
      decompress: zlib.gunzipSync,
      levels: [0, 9],
      options: levelOf,
    },
    deflate: {
      compress: zlib.deflateSync,
      compressLater: zlib.deflate,
      decompress: zlib.inflateSync,
      levels: [0, 9],
      options: levelOf,
    },
    brotli: {
      compress: zlib.brotliCompressSync,
      compressLater: zlib.brotliCompress,
      decompress: zlib.brotliDecompressSync,
      levels: [0, 11],
      options: (level = BROTLI_QUALITY) => ({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: level } }),
    },
    zstd:
      zstdCompress !== undefined && zstdCompressSync !== undefined && zstdDecompressSync !== undefined
        ? {
            compress: zstdCompressSync,
            compressLater: zstdCompress,
            decompress: zstdDecompressSync,
            levels: [-131_072, 22],
            options: (level) => (level === undefined ? {} : { params: { [ZSTD_LEVEL]: level } }),
          }
        : undefined,
  };
}

/** Compresses by one algorithm: now, or in Node's thread pool. */
export interface Compressor {
  now(bytes: Uint8Array): Buffer;
  later(bytes: Uint8Array): Promise<Buffer>;
}

/** What compresses; throws where Node has no such algorithm or level. */
export function compressor(algorithm: CompressionAlgorithm, level?: number): Compressor {
  if (!Object.hasOwn(codecs(), algorithm)) {
    throw invalidArgument('algorithm', 'expected gzip, deflate, brotli or zstd');
  }
  const codec = codecs()[algorithm];
  if (codec === undefined) throw new MemcacheError('ERR_UNSUPPORTED', `This Node.js has no ${algorithm}`);
  const [lowest, highest] = codec.levels;
  if (level !== undefined && !isInteger(level, lowest, highest)) {
    throw invalidArgument('level', `${algorithm} has ${lowest} to ${highest}`);
  }
  const options = codec.options(level);
  return {
    now: (bytes) => codec.compress(bytes, options) as Buffer,
    later: (bytes) => inTurn(() => runLater(codec.compressLater, bytes, options)),
  };
}

function runLater(run: RunLater, bytes: Uint8Array, options: Options): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    run(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** Node's thread pool has four threads, unless the user says otherwise; more at a time would only take memory. */
const AT_A_TIME = 4;

let running = 0;
const waiting: (() => void)[] = [];

/** Runs a few at a time, in the order of the calls. */
async function inTurn(run: () => Promise<Buffer>): Promise<Buffer> {
  if (running >= AT_A_TIME) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await run();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

/**
 * Decompresses to at most `maxOutputLength` bytes: more are `ERR_VALUE_TOO_LARGE`, and are never in memory at once.
 * What is broken, cut off or has something behind it is `ERR_UNSUPPORTED`.
 */
export function decompress(algorithm: CompressionAlgorithm, bytes: Buffer, maxOutputLength: number): Buffer {
  const codec = codecs()[algorithm];
  if (codec === undefined) throw unreadable(`it is compressed with ${algorithm}, which this Node.js does not have`);
  let result: Informed;
  try {
    result = codec.decompress(bytes, { maxOutputLength, info: true }) as Informed;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxOutputLength);
    throw unreadable(`its flags say ${algorithm}, its bytes do not`, cause);
  }
  if (result.engine.bytesWritten !== bytes.length) throw unreadable('there is something behind its compressed data');
  return result.buffer;
}

/** The error for data that comes to more than is allowed. */
export function tooLarge(maxOutputLength: number): MemcacheError {
  return new MemcacheError(
    'ERR_VALUE_TOO_LARGE',
    `The stored value is compressed and comes to more than ${maxOutputLength} bytes, the maxOutputLength`,
  );
}

/** Fills in the default of `maxOutputLength` and checks it. */
export function checkMaxOutputLength(value: number | undefined): number {
  const bytes = byteCount('maxOutputLength', value, DEFAULT_MAX_OUTPUT_LENGTH);
  return Math.max(1, Math.min(bytes, bufferConstants.MAX_LENGTH));
}

/** What is to be compressed of a value: its bytes, if they are `threshold` or more and can be read again. */
export function worthCompressing(
  value: string | Uint8Array,
  threshold: number,
  maxOutputLength: number,
): Uint8Array | undefined {
  // A UTF-16 unit is three bytes of UTF-8 at most.
  if (typeof value === 'string' && value.length * 3 < threshold) return undefined;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return bytes.length < threshold || bytes.length > maxOutputLength ? undefined : bytes;
}

/** Compresses what has `threshold` bytes or more, if it can be read again and gets smaller; otherwise `undefined`. */
export function compressIfWorth(
  value: string | Uint8Array,
  threshold: number,
  maxOutputLength: number,
  compress: (bytes: Uint8Array) => Buffer,
): Buffer | undefined {
  const bytes = worthCompressing(value, threshold, maxOutputLength);
  if (bytes === undefined) return undefined;
  const smaller = compress(bytes);
  return smaller.length < bytes.length ? smaller : undefined;
}
