import { Op } from '../../protocol/op.ts';
import type { Reply } from '../../protocol/request.ts';
import { Status } from '../../protocol/status.ts';
import type { Engine } from '../engine.ts';
import { answerByServer, askAll, type ByServer } from './broadcast.ts';
import type { AnyCallback } from './callback.ts';
import { ClientCommand, type CommandOptions } from './command.ts';

/** Asks a server for its version. */
class VersionCommand extends ClientCommand {
  protected override prepare(): void {}

  protected override answer(reply: Reply): unknown {
    if (reply.status === Status.Ok) return String(reply.value);
    throw this.replyError(reply);
  }
}

/** Asks every server for its version; the callback is called for each. */
export function version(
  engine: Engine,
  options: CommandOptions,
  callback: AnyCallback | undefined,
): Promise<ByServer<string>> | undefined {
  const make = () => new VersionCommand(Op.Version, '', options, engine);
  return answerByServer((each) => askAll<string>(engine, 'version', options, make, each), callback);
}
