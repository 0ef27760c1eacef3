/** Requests encoded beforehand, and how long their responses are. */

export type Protocol = 'binary' | 'meta' | 'classic';

export interface Frame {
  readonly request: Buffer;
  readonly replyLength: number;
  /** Where a get's value is in the reply; of no length where there is none, or several. */
  readonly valueStart: number;
  readonly valueLength: number;
}

const NO_VALUE = { valueStart: 0, valueLength: 0 };

const HEADER = 24;
const OPCODE = { get: 0x00, set: 0x01, noop: 0x0a, getKQuiet: 0x0d };
const NOT_FOUND = 'Not found';

function binaryRequest(opcode: number, extras: number, key: string, value?: Buffer): Buffer {
  const body = extras + Buffer.byteLength(key) + (value?.length ?? 0);
  const frame = Buffer.alloc(HEADER + body);
  frame.writeUInt8(0x80, 0);
  frame.writeUInt8(opcode, 1);
  frame.writeUInt16BE(Buffer.byteLength(key), 2);
  frame.writeUInt8(extras, 4);
  frame.writeUInt32BE(body, 8);
  frame.write(key, HEADER + extras);
  value?.copy(frame, HEADER + body - value.length);
  return frame;
}

export function getFrame(protocol: Protocol, key: string, size: number, hit: boolean): Frame {
  if (protocol === 'binary') {
    const replyLength = HEADER + (hit ? 4 + size : NOT_FOUND.length);
    return { request: binaryRequest(OPCODE.get, 0, key), replyLength, ...valueAt(protocol, replyLength, size, hit) };
  }
  if (protocol === 'meta') {
    const replyLength = hit ? `VA ${size} f0\r\n`.length + size + 2 : 'EN\r\n'.length;
    return { request: Buffer.from(`mg ${key} f v\r\n`), replyLength, ...valueAt(protocol, replyLength, size, hit) };
  }
  const head = hit ? `VALUE ${key} 0 ${size}\r\n`.length + size + 2 : 0;
  const replyLength = head + 'END\r\n'.length;
  return { request: Buffer.from(`get ${key}\r\n`), replyLength, ...valueAt(protocol, replyLength, size, hit) };
}

function valueAt(protocol: Protocol, replyLength: number, size: number, hit: boolean): typeof NO_VALUE {
  return hit ? { valueStart: replyLength - bytesAfterValue(protocol) - size, valueLength: size } : NO_VALUE;
}

export function setFrame(protocol: Protocol, key: string, value: Buffer): Frame {
  if (protocol === 'binary')
    return { request: binaryRequest(OPCODE.set, 8, key, value), replyLength: HEADER, ...NO_VALUE };
  const [head, reply] =
    protocol === 'meta'
      ? [`ms ${key} ${value.length}\r\n`, 'HD\r\n']
      : [`set ${key} 0 0 ${value.length}\r\n`, 'STORED\r\n'];
  return {
    request: Buffer.concat([Buffer.from(head), value, Buffer.from('\r\n')]),
    replyLength: reply.length,
    ...NO_VALUE,
  };
}

/** Hits only: the keys of a batch are all there. */
export function multiFrame(protocol: Protocol, keys: readonly string[], size: number): Frame {
  if (protocol === 'binary') {
    const requests = keys.map((key) => binaryRequest(OPCODE.getKQuiet, 0, key));
    const replies = keys.map((key) => HEADER + 4 + key.length + size);
    requests.push(binaryRequest(OPCODE.noop, 0, ''));
    return { request: Buffer.concat(requests), replyLength: sum(replies) + HEADER, ...NO_VALUE };
  }
  if (protocol === 'meta') {
    const request = `${keys.map((key) => `mg ${key} k f v q\r\n`).join('')}mn\r\n`;
    const replies = keys.map((key) => `VA ${size} k${key} f0\r\n`.length + size + 2);
    return { request: Buffer.from(request), replyLength: sum(replies) + 'MN\r\n'.length, ...NO_VALUE };
  }
  const replies = keys.map((key) => `VALUE ${key} 0 ${size}\r\n`.length + size + 2);
  return {
    request: Buffer.from(`get ${keys.join(' ')}\r\n`),
    replyLength: sum(replies) + 'END\r\n'.length,
    ...NO_VALUE,
  };
}

/** Where the value ends in the response to a get that hit, counted from its end. */
export function bytesAfterValue(protocol: Protocol): number {
  return { binary: 0, meta: '\r\n'.length, classic: '\r\nEND\r\n'.length }[protocol];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
