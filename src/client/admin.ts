import type { ServerLike } from '../cluster/command.ts';
import { type Router, serverName } from '../cluster/router.ts';
import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import { Status } from '../protocol/status.ts';
import { ClientCommand, type CommandHost, type CommandOptions } from './command.ts';

/** Options of `flush`. */
export interface FlushOptions extends CommandOptions {
  /** When the items go, in seconds from now or, from 1,000,000,000 on, as a Unix time. @default 0, at once */
  expires?: number | undefined;
}

/** One server's statistics, by name. */
export type Statistics = Record<string, string>;

/** A command to one server that is answered with no more than that it was done. */
class PlainCommand extends ClientCommand {
  override settle(reply: Reply): void {
    const { status } = reply;
    if (this.listening) this.unlisten();
    // As MemJS has it, a custom transport flushes whatever status it answers with.
    if (status === Status.Ok || status === Status.Miss) this.resolve?.(true);
    else this.rejectReply(reply);
  }
}

/** What one server's statistics may take: no memcached has so many, and a list that does not end is not kept. */
const MOST_STATISTICS_BYTES = 32 * 1024 * 1024;

/** What a statistic takes beside its characters, about. */
const STATISTIC_BYTES = 100;

/** A command that is answered with one statistic after the other. */
class StatsCommand extends ClientCommand {
  private readonly statistics: Statistics = {};
  private bytes = 0;

  override get label(): string {
    return `STATS (${this.key})`;
  }

  override settle(reply: Reply): void {
    const { status, key, value, more } = reply;
    if (status === Status.Ok && more) {
      this.bytes += STATISTIC_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
      if (this.bytes > MOST_STATISTICS_BYTES) return;
      // Defined, not assigned: the name is the server's, and one of them could be __proto__.
      Object.defineProperty(this.statistics, String(key), {
        value: String(value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    }
    if (this.listening) this.unlisten();
    if (status !== Status.Ok) this.rejectReply(reply);
    else if (this.bytes > MOST_STATISTICS_BYTES) this.reject(tooMany());
    else this.resolve?.(this.statistics);
  }
}

function tooMany(): MemcacheError {
  return new MemcacheError('ERR_PROTOCOL', 'The server has more statistics than can be believed');
}

/** A command that is answered with the server's version. */
class VersionCommand extends ClientCommand {
  override settle(reply: Reply): void {
    const { status, value } = reply;
    if (this.listening) this.unlisten();
    if (status === Status.Ok) this.resolve?.(String(value));
    else this.rejectReply(reply);
  }
}

/** What a server has to say to a command that goes to all of them. */
export interface Outcome<T> {
  /** `host:port`, or the path of a unix socket. */
  server: string;
  error: Error | null;
  result: T | null;
}

/** Who has the servers. */
export interface BroadcastHost extends CommandHost {
  readonly servers: readonly ServerLike[];
  readonly router: Router;
  incrSeq(): void;
}

/** Sends one command to each server and resolves with what each said, calling `each` as soon as one has. */
async function broadcast<T>(
  host: BroadcastHost,
  make: () => ClientCommand,
  { signal }: CommandOptions,
  each?: (outcome: Outcome<T>) => void,
): Promise<Outcome<T>[]> {
  host.incrSeq();
  const sent = host.servers.map(async (server): Promise<Outcome<T>> => {
    const command = make();
    // The command's class says what it resolves with.
    const answer = command.expect(undefined) as Promise<T>;
    command.pinned = true;
    command.server = server;
    host.router.dispatch(command);
    const name = serverName(server);
    const outcome = await answer.then(
      (result) => ({ server: name, error: null, result }),
      (error: Error) => ({ server: name, error, result: null }),
    );
    each?.(outcome);
    return outcome;
  });
  const outcomes = await Promise.all(sent);
  signal?.throwIfAborted();
  return outcomes;
}

/** Flushes every server. */
export function flushAll(host: BroadcastHost, options: CommandOptions, expiration: number): Promise<Outcome<true>[]> {
  return broadcast(host, () => configured(new PlainCommand(Op.Flush, '', host), options, expiration), options);
}

/** Asks every server for a group of statistics; `''` is the general one. */
export function statsOfAll(
  host: BroadcastHost,
  group: string,
  options: CommandOptions,
  each?: (outcome: Outcome<Statistics>) => void,
): Promise<Outcome<Statistics>[]> {
  return broadcast(host, () => configured(new StatsCommand(Op.Stat, group, host), options, 0), options, each);
}

/** Asks every server for its version. */
export function versionOfAll(host: BroadcastHost, options: CommandOptions): Promise<Outcome<string>[]> {
  return broadcast(host, () => configured(new VersionCommand(Op.Version, '', host), options, 0), options);
}

/** Tells a custom transport that the client leaves. */
export function quitCommand(host: CommandHost): ClientCommand {
  return new PlainCommand(Op.Quit, '', host);
}

function configured(command: ClientCommand, options: CommandOptions, expiration: number): ClientCommand {
  command.configure(options);
  command.expiration = expiration;
  return command;
}
