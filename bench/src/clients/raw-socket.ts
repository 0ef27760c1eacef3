import { bytesAfterValue, type Frame, getFrame, multiFrame, type Protocol, setFrame } from '../frames.ts';
import { RawSocket } from '../raw-socket.ts';
import type { Adapter, Done, Setup, Value } from './adapter.ts';

/** The raw socket as if it were a client: key `i` always goes to socket `i % sockets`. */
export function rawSocketAdapter(options: { readonly protocol: Protocol; readonly own?: boolean }): Adapter {
  const { protocol, own = false } = options;
  let sockets: RawSocket[] = [];
  let gets: Frame[] = [];
  let sets: Frame[] = [];
  let multis: { socket: RawSocket; frame: Frame }[][] = [];
  let size = 0;

  const socketOf = (index: number) => sockets[index % sockets.length] as RawSocket;
  const send = (frame: Frame | undefined, index: number, done: Done) => socketOf(index).send(frame as Frame, done);
  const sendPromise = (frame: Frame | undefined, index: number) =>
    new Promise<Buffer | undefined>((resolve, reject) => {
      socketOf(index).send(frame as Frame, (error, value) => (error === undefined ? resolve(value) : reject(error)));
    });

  return {
    takes: 'buffer',
    countsOnly: !own,
    async connect({ row, target, keys, values, readKeys, batches }: Setup) {
      const perServer = Math.max(1, row.connections);
      const addresses = Array.from({ length: perServer }, () => target.servers).flat();
      sockets = await Promise.all(addresses.map((address) => RawSocket.connect(address, own, target.ca)));
      size = row.size;
      gets = readKeys.map((key) => getFrame(protocol, key, row.size, row.hit));
      sets = keys.map((key, index) => setFrame(protocol, key, bytesOf(values[index] as Value)));
      multis = batches.map((batch) =>
        sockets.flatMap((socket) => {
          const mine = batch.filter((index) => socketOf(index) === socket).map((index) => keys[index] as string);
          return mine.length === 0 ? [] : [{ socket, frame: multiFrame(protocol, mine, row.size) }];
        }),
      );
    },
    get: (_key, index) => sendPromise(gets[index], index),
    set: (_key, _value, index) => sendPromise(sets[index], index),
    getCallback: (_key, done, index) => send(gets[index], index, done),
    setCallback: (_key, _value, done, index) => send(sets[index], index, done),
    getMulti: (_keys, batch) =>
      new Promise<void>((resolve, reject) => {
        const parts = multis[batch] as { socket: RawSocket; frame: Frame }[];
        let waiting = parts.length;
        for (const { socket, frame } of parts) {
          socket.send(frame, (error) => {
            if (error !== undefined) reject(error);
            else if (--waiting === 0) resolve();
          });
        }
      }),
    read: (value) => value,
    stored: () => true,
    async inspect(index) {
      const chunks: Buffer[] = [];
      const socket = socketOf(index);
      socket.onChunk = (chunk) => chunks.push(chunk);
      await sendPromise(gets[index], index);
      socket.onChunk = undefined;
      const reply = Buffer.concat(chunks);
      const end = reply.length - bytesAfterValue(protocol);
      return reply.subarray(end - size, end);
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

function bytesOf(value: Value): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}
