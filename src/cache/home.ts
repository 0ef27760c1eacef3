import { ChangeCommand } from '../client/commands/change.ts';
import { type ClientCommand, NO_OPTIONS } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import { ItemCommand } from '../client/get-or-set/item-commands.ts';
import { LookCommand, type Seen } from '../client/get-or-set/look.ts';
import type { Backend } from '../cluster/backend.ts';
import { closedError, MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { StoreItem, WireKey } from '../protocol/request.ts';

/** The server of a key, and never a stand-in for it: what is in two places can't be invalidated at once. */
export function homeOf(engine: Engine, key: WireKey): Backend | undefined {
  const server = engine.fleet.home(key);
  return server?.ejected ? undefined : server;
}

/** Has a key repaired whose write fails, which may have come no further than a look. */
export async function orRepaired<T>(engine: Engine, key: WireKey, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    engine.router.repairs?.notWritten([key], error);
    throw error;
  }
}

/** Sends a command to the server of its key, which is as it goes on the wire. */
export function sendHome(engine: Engine, command: ClientCommand): Promise<unknown> {
  return engine.whenKnown(() => {
    if (engine.calls.ending.size) return Promise.reject(closedError());
    const server = homeOf(engine, command.key);
    if (server) return command.submit(undefined, undefined, server) as Promise<unknown>;
    const { name } = engine.fleet.home(command.key) ?? {};
    const error = new MemcacheError('ERR_CONNECT', 'The server of the key is away', { server: name });
    engine.router.repairs?.missed(command, error);
    return Promise.reject(error);
  });
}

/** What is under a key on its server. */
export function lookHome(engine: Engine, key: WireKey): Promise<Seen> {
  return sendHome(engine, new LookCommand(key, engine)) as Promise<Seen>;
}

/** Stores an item on the server of its key; whether that was done. */
export function storeHome(engine: Engine, op: Op, key: WireKey, item: StoreItem): Promise<boolean> {
  return sendHome(engine, new ItemCommand(op, key, item, engine)) as Promise<boolean>;
}

/** Deletes an item from the server of its key; whether there was one. */
export function deleteHome(engine: Engine, key: WireKey): Promise<boolean> {
  return sendHome(engine, new ChangeCommand(Op.Delete, key, NO_OPTIONS, engine)) as Promise<boolean>;
}
