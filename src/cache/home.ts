import type { ClientCommand } from '../client/commands/command.ts';
import type { Engine } from '../client/engine.ts';
import type { Backend } from '../cluster/backend.ts';
import { MemcacheError } from '../errors.ts';
import type { WireKey } from '../protocol/request.ts';

/** The server of a key, and never a stand-in for it: what is in two places can't be invalidated at once. */
export function homeOf(engine: Engine, key: WireKey): Backend | undefined {
  const server = engine.fleet.home(key);
  return server?.ejected === true ? undefined : server;
}

/** Sends a command to the server of its key, which is as it goes on the wire. */
export async function sendHome(engine: Engine, command: ClientCommand): Promise<unknown> {
  if (engine.fleet.discovers) await engine.whenKnown(() => Promise.resolve());
  const { key } = command;
  const server = homeOf(engine, key);
  if (server !== undefined) return command.submit(undefined, undefined, server);
  const name = engine.fleet.home(key)?.name;
  const error = new MemcacheError('ERR_CONNECT', 'The server of the key is away', { server: name });
  engine.router.repairs?.missed(command, error);
  throw error;
}
