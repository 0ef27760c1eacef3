import { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { askAll, type ByServer, byServer } from './broadcast.ts';
import { ClientCommand, type CommandOptions } from './command.ts';

/** Asks a server for its version. */
class VersionCommand extends ClientCommand {
  protected override prepare(): void {}

  protected override answer(reply: Reply): unknown {
    if (reply.status === Status.Ok) return String(reply.value);
    throw this.replyError(reply);
  }
}

/** Asks every server for its version. */
export async function version(engine: Engine, options: CommandOptions): Promise<ByServer<string>> {
  const make = () => new VersionCommand(Op.Version, '', options, engine);
  return byServer(await askAll<string>(engine, 'version', options, make));
}
