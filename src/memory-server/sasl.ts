import { Status } from '../protocol/status.ts';
import type { Channel } from './channel.ts';
import { Opcode } from './wire/binary.ts';

const MECHANISM = 'PLAIN';
const MAX_MECHANISM = 32;

/** Longer credentials do not fit into one chunk of memcached's memory, and it says so. */
const MAX_CREDENTIALS = 512 * 1024;

/** What a connection may do before it is authenticated. */
const FREE: ReadonlySet<number> = new Set([Opcode.SaslList, Opcode.SaslAuth, Opcode.SaslStep, Opcode.Version]);

/** The SASL side of one connection, with the one mechanism PLAIN (RFC 4616). */
export class SaslExchange {
  readonly #channel: Channel;
  #authenticated = false;
  /** A mechanism was begun, so that a step may follow. */
  #started = false;
  /** memcached's SASL library serves one successful exchange on a connection; every later one fails. */
  #done = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  allows(opcode: number): boolean {
    return this.#authenticated || FREE.has(opcode);
  }

  /** The mechanisms. Asking for them ends what was authenticated before, as it does in memcached. */
  list(): string {
    this.#authenticated = false;
    return MECHANISM;
  }

  /** The status of an exchange whose lengths alone rule it out. */
  refusal(mechanismLength: number, length: number): number | undefined {
    if (mechanismLength > MAX_MECHANISM) return Status.InvalidArguments;
    return length > MAX_CREDENTIALS ? Status.OutOfMemory : undefined;
  }

  /** Takes the first message of an exchange, or a later one. */
  take(first: boolean, mechanism: string, message: string): number {
    const { counters } = this.#channel.commands.store;
    this.#authenticated = false;
    const status = this.#done ? Status.AuthError : this.#judge(first, mechanism, message);
    if (status === Status.AuthContinue) return status;
    counters.auth_cmds++;
    if (status === Status.Ok) {
      this.#authenticated = true;
      this.#done = true;
    } else {
      counters.auth_errors++;
    }
    return status;
  }

  #judge(first: boolean, mechanism: string, message: string): number {
    if (first) {
      this.#started = mechanism.toUpperCase() === MECHANISM;
      if (this.#started && message === '') return Status.AuthContinue;
    }
    if (!this.#started) return Status.AuthError;
    const accepted = this.#accepts(message);
    this.#started = accepted;
    return accepted ? Status.Ok : Status.AuthError;
  }

  /** `authorization NUL user NUL password`, where the authorization is empty or the user again. */
  #accepts(message: string): boolean {
    const parts = message.split('\0');
    if (parts.length !== 3) return false;
    const [authorization, username, password] = parts.map((part) => Buffer.from(part, 'latin1').toString());
    if (username === undefined || password === undefined) return false;
    if (authorization !== '' && authorization !== username) return false;
    return this.#channel.authenticate(username, password);
  }
}
