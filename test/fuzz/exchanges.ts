import { readFileSync } from 'node:fs';
import { ReplyBuffer } from '../../src/memory-server/reply-buffer.ts';
import {
  Opcode,
  RequestFrame,
  writeCounter,
  writeKeyed,
  writeResponse,
  writeValue,
} from '../../src/memory-server/wire/binary.ts';
import { writeBlock, writeHit, writeLine } from '../../src/memory-server/wire/text.ts';
import { binary } from '../../src/protocol/binary/index.ts';
import { classic } from '../../src/protocol/classic/index.ts';
import { meta } from '../../src/protocol/meta/index.ts';
import { Op } from '../../src/protocol/op.ts';
import type { Protocol, ProtocolName } from '../../src/protocol/protocol.ts';
import { COMMANDS, type Command, opaqueOf } from './commands.ts';
import { Witness } from './witness.ts';

export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = { binary, meta, classic };

/** A request and the bytes that answer it. */
export interface Exchange {
  command: Command;
  opaque: number;
  reply: Buffer;
}

/** What lies in the corpus: the replies by the names of their commands, a byte a character. */
export interface Corpus {
  server: string;
  recorded: string;
  replies: Record<string, string>;
}

export function corpusFile(name: ProtocolName): URL {
  return new URL(`./corpus/${name}.json`, import.meta.url);
}

/** The request that an exchange answers. */
export function witnessOf({ command, opaque }: Omit<Exchange, 'reply'>): Witness {
  const witness = Object.assign(new Witness(command.op, command.key), command.fields);
  witness.opaque = opaque;
  return witness;
}

/** The bytes of a request. */
export function requestBytes(name: ProtocolName, command: Command, index: number): Buffer {
  const output = new ReplyBuffer();
  PROTOCOLS[name].encode(witnessOf({ command, opaque: opaqueOf(command, index) }), output);
  return output.take();
}

/** The commands that a protocol has, each with its place in the list. */
export function commandsOf(name: ProtocolName): [command: Command, index: number][] {
  return [...COMMANDS.entries()]
    .filter(([, { only }]) => only === undefined || only.includes(name))
    .map(([index, command]) => [command, index]);
}

/** What memcached has answered to the commands. */
export function recorded(name: ProtocolName): Exchange[] {
  const { replies } = JSON.parse(readFileSync(corpusFile(name), 'utf8')) as Corpus;
  return commandsOf(name).map(([command, index]) => {
    const reply = replies[command.name];
    if (reply === undefined) throw new Error(`The corpus has no answer to: ${command.name}. Record it again.`);
    return { command, opaque: opaqueOf(command, index), reply: Buffer.from(reply, 'latin1') };
  });
}

const BLOCK = /^(?:VA|VALUE \S+ \d+) (\d+)/;

/** The parts of a response: frames, or lines with the data blocks that belong to them. */
export function partsOf(name: ProtocolName, reply: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < reply.length; ) {
    let end = at + 24;
    if (name === 'binary') {
      end += reply.readUInt32BE(at + 8);
    } else {
      end = reply.indexOf('\n', at) + 1;
      const block = BLOCK.exec(reply.toString('latin1', at, end));
      if (block !== null) end += Number(block[1]) + 2;
    }
    parts.push(reply.subarray(at, end));
    at = end;
  }
  return parts;
}

/** Lengths of values around the borders at which decoders change their ways. */
const LENGTHS = [0, 1, 2, 63, 64, 65, 255, 256, 2047, 2048, 2049, 8192, 8193, 70_000];

/** Exchanges that nobody has recorded, made by the server's side of the protocol. */
export function generated(name: ProtocolName): Exchange[] {
  const make = GENERATORS[name];
  return LENGTHS.flatMap((length, index) => {
    const key = `generated ${index}`.replaceAll(' ', name === 'classic' ? '-' : ' ');
    const value = `<${key}>${'v\r\nEND\r\n'.repeat(length).slice(0, length)}`;
    return make({ key, value, flags: 2 ** 32 - 1 - index, cas: 2n ** 64n - 1n - BigInt(index) }, 0xfffffff0 + index);
  });
}

interface Item {
  key: string;
  value: string;
  flags: number;
  cas: bigint;
}

/** An exchange whose reply is written by `write`. */
function exchange(op: Op, key: string, opaque: number, write: (output: ReplyBuffer) => void, cas = false): Exchange {
  const output = new ReplyBuffer();
  write(output);
  const fields = cas ? { returnCas: true } : {};
  return { command: { name: 'generated', op, key, fields }, opaque: opaque >>> 0, reply: output.take() };
}

const GENERATORS: Readonly<Record<ProtocolName, (item: Item, opaque: number) => Exchange[]>> = {
  binary({ key, value, flags, cas }, opaque) {
    const frame = (opcode: number): RequestFrame => Object.assign(new RequestFrame(), { opcode, opaque: opaque >>> 0 });
    return [
      exchange(Op.Get, key, opaque, (to) => writeValue(to, frame(Opcode.Get), flags, '', value, cas), true),
      exchange(Op.Set, key, opaque, (to) => writeResponse(to, frame(Opcode.Set), 0, '', cas), true),
      exchange(Op.Set, key, opaque, (to) => writeResponse(to, frame(Opcode.Set), 0x86, value.slice(0, 99))),
      exchange(Op.Increment, key, opaque, (to) => writeCounter(to, frame(Opcode.Increment), cas, cas), true),
      exchange(Op.Stat, '', opaque, (to) => {
        for (const name of ['a', '__proto__', key]) writeKeyed(to, frame(Opcode.Stat), 0, name, value.slice(0, 99));
        writeResponse(to, frame(Opcode.Stat), 0);
      }),
    ];
  },
  meta({ key, value, flags, cas }, opaque) {
    const echo = `O${opaque >>> 0}`;
    return [
      exchange(
        Op.Get,
        key,
        opaque,
        (to) => writeBlock(to, `VA ${value.length} f${flags} c${cas} ${echo}\r\n`, value),
        true,
      ),
      exchange(Op.Get, key, opaque, (to) => writeBlock(to, `VA ${value.length} ${echo} b W f0 t-1\r\n`, value)),
      exchange(Op.Set, key, opaque, (to) => writeLine(to, `HD c${cas} ${echo}`), true),
      exchange(Op.Increment, key, opaque, (to) => writeBlock(to, `VA ${String(cas).length} ${echo}\r\n`, String(cas))),
      exchange(Op.Set, key, opaque, (to) => writeLine(to, `SERVER_ERROR ${'e'.repeat(flags % 99)}`)),
    ];
  },
  classic({ key, value, flags, cas }, opaque) {
    return [
      exchange(
        Op.Get,
        key,
        opaque,
        (to) => {
          writeHit(to, key, flags, value, cas);
          writeLine(to, 'END');
        },
        true,
      ),
      exchange(Op.Increment, key, opaque, (to) => writeLine(to, String(cas))),
      exchange(Op.Set, key, opaque, (to) => writeLine(to, `SERVER_ERROR ${'e'.repeat(flags % 99)}`)),
      exchange(Op.Stat, '', opaque, (to) => {
        for (const name of ['a', '__proto__', 'b']) writeLine(to, `STAT ${name} ${flags}`);
        writeLine(to, 'END');
      }),
    ];
  },
};
