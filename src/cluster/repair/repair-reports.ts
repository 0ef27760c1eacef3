import { clearTimeout, setTimeout } from '../../clock.ts';
import { publishRepaired, publishUnrepaired } from '../../connection/telemetry.ts';
import type { WireKey } from '../../protocol/request.ts';
import type { Log } from '../log.ts';
import { asText } from '../selection.ts';
import type { Server } from '../server.ts';
import type { RepairListener } from './server-repair.ts';

/** How long what happened at a server is gathered for one line in the log, in milliseconds. */
const INTERVAL = 1000;

/** What has become of keys of one server since the last line. */
interface Tally {
  repaired: number;
  unrepaired: number;
  timer: NodeJS.Timeout;
}

/** Tells listeners, the log and the channel which keys were repaired, and which were given up. */
export class RepairReports implements RepairListener {
  readonly #prefix: string;
  readonly #log: Log;
  readonly #emit: (event: 'repaired' | 'unrepaired', server: Server, keys: string[]) => void;
  readonly #tallies = new Map<string, Tally>();

  constructor(
    prefix: string,
    log: Log,
    emit: (event: 'repaired' | 'unrepaired', server: Server, keys: string[]) => void,
  ) {
    this.#prefix = prefix;
    this.#log = log;
    this.#emit = emit;
  }

  repaired(server: Server, keys: readonly WireKey[]): void {
    this.#tally(server.name).repaired += keys.length;
    publishRepaired(server.name, keys.length);
    this.#emit('repaired', server, this.#shown(keys));
  }

  unrepaired(server: Server, keys: readonly WireKey[]): void {
    this.#tally(server.name).unrepaired += keys.length;
    publishUnrepaired(server.name, keys.length);
    this.#emit('unrepaired', server, this.#shown(keys));
  }

  /** Writes what has been gathered. */
  flush(): void {
    for (const name of [...this.#tallies.keys()]) this.#write(name);
  }

  #tally(name: string): Tally {
    let tally = this.#tallies.get(name);
    if (tally === undefined) {
      const timer = setTimeout(() => this.#write(name), INTERVAL).unref();
      tally = { repaired: 0, unrepaired: 0, timer };
      this.#tallies.set(name, tally);
    }
    return tally;
  }

  #write(name: string): void {
    const { repaired, unrepaired, timer } = this.#tallies.get(name) as Tally;
    clearTimeout(timer);
    this.#tallies.delete(name);
    if (repaired > 0) this.#log.write('info', `memts: Server <${name}>: ${keysIn(repaired)} repaired`);
    if (unrepaired === 0) return;
    this.#log.write(
      'warn',
      `memts: Server <${name}>: ${keysIn(unrepaired)} not repaired, and may have old values there`,
    );
  }

  /** Keys as the caller has them. */
  #shown(keys: readonly WireKey[]): string[] {
    const prefix = this.#prefix;
    return keys.map((key) => {
      const text = asText(key);
      return text.startsWith(prefix) ? text.slice(prefix.length) : text;
    });
  }
}

function keysIn(count: number): string {
  return count === 1 ? '1 key was' : `${count.toLocaleString('en')} keys were`;
}
