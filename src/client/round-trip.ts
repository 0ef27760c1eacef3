import { Op } from '../protocol/op.ts';
import { noopSerializer } from '../serializers/serializer.ts';
import type { CommandHost } from './command.ts';
import { ChangeCommand, fillInsert } from './storage.ts';

/** What a value would come back as if it were stored and read. Throws what can't be stored. */
export function roundTrip(host: CommandHost, value: unknown): unknown {
  const command = new ChangeCommand(Op.Set, '', host);
  fillInsert(command, value, { expires: 0 }, host);
  const bytes = Buffer.from(command.value as string | Uint8Array);
  if (host.serializer === noopSerializer) return bytes;
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(command.flags);
  return host.serializer.deserialize(Op.Get, bytes, flags).value;
}
