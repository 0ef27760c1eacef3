import { keyId, keysOf } from '../protocol/keyed.ts';
import type { WireKey } from '../protocol/request.ts';
import type { Backend } from './backend.ts';
import type { Command } from './command.ts';

/** How many look-ups there are between two that also forget what has ended. */
const LOOK_UPS = 64;

/** Commands by their keys. */
type Commands = Map<string, Set<Command>>;

/** A call of many keys under way, which goes on to other servers key by key. */
export interface WritingCall {
  /** Its place among the writes. */
  readonly since: number;
}

/**
 * Writes that may still be sent again although later ones go by other ways: those between two attempts, those on
 * connections that take no more, and, while a server is away, all that are under way. A write that is sent meanwhile by
 * another way has them fail instead.
 */
export class WriteOrder {
  /** Nearly always, which is how writes need no look at their key. */
  empty = true;
  readonly #open: Commands = new Map();
  /** What was sent while a server was away: behind each other on one server they keep their order. */
  readonly #sent: Commands = new Map();
  /** Servers that others stand in for. */
  readonly #away = new Set<Backend>();
  /** Those that began first come first. */
  readonly #calls = new Set<WritingCall>();
  #count = 0;
  #lookUps = 0;

  add(command: Command): void {
    command.order ||= ++this.#count;
    for (const key of keysOf(command)) put(this.#open, keyId(key), command);
    this.empty = false;
  }

  delete(command: Command): void {
    for (const key of keysOf(command)) remove(this.#open, keyId(key), command);
    this.#look();
  }

  /** Notes that a write is sent: of its keys, those before it are not sent again. */
  sent(command: Command): void {
    if (++this.#lookUps > LOOK_UPS + this.#open.size + this.#sent.size) this.#forgetEnded();
    const isAway = this.#away.size > 0;
    for (const key of keysOf(command)) {
      const id = keyId(key);
      this.#overtake(this.#open.get(id), command);
      for (const other of this.#sent.get(id) ?? []) if (other.server !== command.server) overtake(other, command);
      if (isAway) put(this.#sent, id, command);
    }
    if (isAway) command.order ||= ++this.#count;
  }

  /** Notes that all keys are written. */
  allSent(command: Command): void {
    for (const commands of this.#open.values()) this.#overtake(commands, command);
  }

  /** Notes that writes go to other servers than their own for a while, and may meet there or at their own again. */
  serverAway(server: Backend): void {
    this.#away.add(server);
    this.empty = false;
  }

  callBegins(): WritingCall {
    const call = { since: ++this.#count };
    this.#calls.add(call);
    return call;
  }

  callEnds(call: WritingCall): void {
    this.#calls.delete(call);
  }

  /** Whether a later write of a key was sent since a call began, the `own` ones of the call apart. */
  isOvertaken(key: WireKey, { since }: WritingCall, own: ReadonlySet<Command>): boolean {
    for (const other of this.#sent.get(keyId(key)) ?? []) if (other.order > since && !own.has(other)) return true;
    return false;
  }

  #overtake(commands: ReadonlySet<Command> | undefined, later: Command): void {
    for (const command of commands ?? []) overtake(command, later);
  }

  /** What was answered on a connection that takes no more is still here. */
  #forgetEnded(): void {
    this.#lookUps = 0;
    const [first] = this.#calls;
    const oldest = first?.since ?? Number.POSITIVE_INFINITY;
    for (const server of this.#away) if (!server.ejected) this.#away.delete(server);
    forget(this.#open, () => true);
    forget(this.#sent, ({ order }) => order < oldest);
    this.#look();
  }

  #look(): void {
    this.empty = this.#open.size === 0 && this.#sent.size === 0 && this.#away.size === 0;
  }
}

/** One that has not been here before is later than all. */
function overtake(command: Command, later: Command): void {
  if (later.order === 0 || command.order < later.order) command.overtaken = true;
}

function put(commands: Commands, id: string, command: Command): void {
  const present = commands.get(id);
  if (present === undefined) commands.set(id, new Set([command]));
  else present.add(command);
}

function remove(commands: Commands, id: string, command: Command): void {
  const present = commands.get(id);
  present?.delete(command);
  if (present?.size === 0) commands.delete(id);
}

/** Forgets those that have ended, where nobody may ask for them. */
function forget(all: Commands, test: (command: Command) => boolean): void {
  for (const [id, commands] of all) {
    for (const command of commands) if (command.holder === undefined && test(command)) remove(all, id, command);
  }
}
