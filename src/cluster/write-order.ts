import { keyId, keysOf } from '../protocol/keyed.ts';
import type { Command } from './command.ts';

/** How many look-ups there are between two that also forget what has ended. */
const LOOK_UPS = 64;

/**
 * Writes that may still be sent again although later ones go by other ways: those between two attempts, and those on
 * connections that take no more. A write that is sent meanwhile has them fail instead.
 */
export class WriteOrder {
  /** Nearly always, which is how writes need no look at their key. */
  empty = true;
  /** By key. */
  readonly #open = new Map<string, Set<Command>>();
  #count = 0;
  #lookUps = 0;

  add(command: Command): void {
    command.order ||= ++this.#count;
    for (const key of keysOf(command)) {
      const id = keyId(key);
      const commands = this.#open.get(id);
      if (commands === undefined) this.#open.set(id, new Set([command]));
      else commands.add(command);
    }
    this.empty = false;
  }

  delete(command: Command): void {
    for (const key of keysOf(command)) this.#remove(keyId(key), command);
    this.empty = this.#open.size === 0;
  }

  /** Notes that a write is sent: of its keys, those before it are not sent again. */
  sent(command: Command): void {
    for (const key of keysOf(command)) this.#overtake(this.#open.get(keyId(key)), command);
    if (++this.#lookUps > LOOK_UPS + this.#open.size) this.#forgetEnded();
  }

  /** Notes that all keys are written. */
  allSent(command: Command): void {
    for (const commands of this.#open.values()) this.#overtake(commands, command);
  }

  #overtake(commands: Set<Command> | undefined, later: Command): void {
    for (const command of commands ?? []) {
      // One that has not been here before is later than all.
      if (later.order === 0 || command.order < later.order) command.overtaken = true;
    }
  }

  #remove(id: string, command: Command): void {
    const commands = this.#open.get(id);
    commands?.delete(command);
    if (commands?.size === 0) this.#open.delete(id);
  }

  /** What was answered on a connection that takes no more is still here. */
  #forgetEnded(): void {
    this.#lookUps = 0;
    for (const [id, commands] of this.#open) {
      for (const command of commands) if (command.holder === undefined) this.#remove(id, command);
    }
    this.empty = this.#open.size === 0;
  }
}
