import type { Command } from '../cluster/command.ts';
import { closedError } from '../errors.ts';
import { keyId } from '../protocol/keyed.ts';
import { copySmallValues } from '../protocol/large.ts';
import type { Holder, Request, WireKey } from '../protocol/request.ts';

/** What waits for its turn at some keys. */
interface Waiter {
  readonly ids: readonly string[];
  /** At how many of these keys others are before it. */
  before: number;
  /** Whether what it sends has been made. */
  ready: boolean;
  readonly go: () => void;
}

/**
 * Keys with a command that is not ready to be sent, since its value is being compressed in the background. Later commands
 * of this client for these keys wait for it, so that the commands of a key keep their order.
 */
export class HeldKeys implements Holder {
  /** Nearly always, so that commands need no look at their key. */
  empty = true;
  /** By `keyId`, in the order of the calls. */
  readonly #queues = new Map<string, Waiter[]>();
  readonly #commands = new Map<Request, Waiter>();
  readonly #send: (command: Command) => void;
  #onEmpty: (() => void)[] = [];

  constructor(send: (command: Command) => void) {
    this.#send = send;
  }

  /** Holds a command until what it sends has been made; it fails with what that fails with. */
  hold(command: Command, made: Promise<void>): void {
    const waiter = this.#enter(command, false);
    made.then(
      () => this.#ready(waiter),
      (error) => {
        if (!this.#commands.has(command)) return;
        this.drop(command);
        command.reject(error);
      },
    );
  }

  /** Whether a command is held, or has to wait for one that is; it is sent when its turn comes. */
  waits(command: Command): boolean {
    if (this.#commands.has(command)) return true;
    // A batch is a part of a call that has waited for all its keys.
    if (command.keys !== undefined || !this.#queues.has(keyId(command.key))) return false;
    copySmallValues(command);
    this.#enter(command, true);
    return true;
  }

  /**
   * Does something that sends commands for several keys, when no command before it is held and what it sends has been
   * made; at once where that is so. `made` does not reject.
   */
  run<T>(keys: () => readonly WireKey[], act: () => Promise<T>, made?: Promise<unknown>): Promise<T> {
    if (this.empty && !made) return act();
    const ids = [...new Set(keys().map(keyId))];
    if (!made && !ids.some((id) => this.#queues.has(id))) return act();
    return new Promise((resolve) => {
      const waiter = this.#add(ids, made === undefined, () => {
        resolve(act());
        this.#leave(waiter);
      });
      void made?.then(() => this.#ready(waiter));
    });
  }

  drop(request: Request): void {
    const waiter = this.#commands.get(request);
    if (waiter === undefined) return;
    this.#commands.delete(request);
    request.holder = undefined;
    this.#leave(waiter);
  }

  /** Resolves when no command is held. */
  async idle(): Promise<void> {
    if (!this.empty) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Fails all commands that are held. */
  close(): void {
    const held = [...this.#commands] as [Command, Waiter][];
    this.#commands.clear();
    const error = closedError();
    for (const [command, waiter] of held) {
      command.holder = undefined;
      this.#leave(waiter);
      command.reject(error);
    }
  }

  #ready(waiter: Waiter): void {
    waiter.ready = true;
    if (waiter.before === 0) waiter.go();
  }

  #enter(command: Command, ready: boolean): Waiter {
    const waiter = this.#add([keyId(command.key)], ready, () => {
      if (!this.#commands.delete(command)) return;
      command.holder = undefined;
      this.#send(command);
      this.#leave(waiter);
    });
    command.holder = this;
    this.#commands.set(command, waiter);
    return waiter;
  }

  #add(ids: readonly string[], ready: boolean, go: () => void): Waiter {
    const waiter: Waiter = { ids, before: 0, ready, go };
    for (const id of ids) {
      const queue = this.#queues.get(id);
      if (queue === undefined) {
        this.#queues.set(id, [waiter]);
        continue;
      }
      queue.push(waiter);
      waiter.before++;
    }
    this.empty = false;
    return waiter;
  }

  /** Takes a waiter out of its queues; those behind it may go now. */
  #leave(waiter: Waiter): void {
    for (const id of waiter.ids) {
      const queue = this.#queues.get(id) as Waiter[];
      const place = queue.indexOf(waiter);
      queue.splice(place, 1);
      const [next] = queue;
      if (next === undefined) this.#queues.delete(id);
      else if (place === 0 && --next.before === 0 && next.ready) next.go();
    }
    if (this.#queues.size > 0) return;
    this.empty = true;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}
