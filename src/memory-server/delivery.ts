import { cryptoModule } from '../builtins.ts';
import { clearTimeout, monotonicNow, setTimeout } from '../clock.ts';
import { type ActiveFault, bytesOf, type Faults } from './faults.ts';
import { changeOpaque, strayReply } from './spoil.ts';

/** What a delivery sends its bytes to. */
export interface DeliveryTarget {
  write(bytes: Uint8Array): void;
  drop(): void;
  end(): void;
}

/** One step of what goes out: bytes, or the end of the connection. */
interface Step {
  bytes: Uint8Array;
  /** Not before this moment, on the clock of `performance.now()`. */
  due: number;
  /** Held back while this fault is on. */
  heldBy: ActiveFault | undefined;
  after: 'drop' | 'end' | undefined;
}

/** Sends the replies of one connection while faults are on: late, in pieces, spoiled or not at all, but in order. */
export class Delivery {
  readonly #faults: Faults;
  readonly #target: DeliveryTarget;
  readonly #claimed: ReadonlySet<ActiveFault>;
  #steps: Step[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastDue = 0;
  /** Bytes that wait to be sent. */
  bytes = 0;

  constructor(faults: Faults, target: DeliveryTarget) {
    this.#faults = faults;
    this.#target = target;
    this.#claimed = faults.claimFor();
  }

  /** Whether something waits to be sent, so that nothing may be sent around it. */
  get busy(): boolean {
    return this.#steps.length > 0;
  }

  /** Takes one whole reply, and lets the faults have it that strike it. */
  reply(reply: Buffer): void {
    const struck = this.#faults.onReply(this.#claimed);
    let bytes: Uint8Array = reply;
    let delay = 0;
    let heldBy: ActiveFault | undefined;
    let pieces: { bytes: number; ms: number } | undefined;
    let after: Step['after'];
    for (const active of struck) {
      const { fault } = active;
      switch (fault.kind) {
        case 'latency':
          delay += Math.max(0, fault.ms + (this.#faults.random() * 2 - 1) * (fault.jitter ?? 0));
          break;
        case 'silence':
          heldBy = active;
          break;
        case 'lose':
          return;
        case 'pieces':
          pieces = { bytes: fault.bytes, ms: fault.ms ?? 1 };
          break;
        case 'halfReply':
          bytes = bytes.subarray(0, bytes.length >> 1);
          after = 'drop';
          break;
        case 'drop':
          bytes = bytes.subarray(0, 0);
          after = 'drop';
          break;
        case 'garbage':
          bytes =
            fault.bytes === undefined ? Buffer.concat([cryptoModule().randomBytes(64), CRLF]) : bytesOf(fault.bytes);
          break;
        case 'unsolicited':
          bytes = Buffer.concat([bytesOf(fault.bytes ?? strayReply(reply)), bytes]);
          break;
        case 'wrongOpaque':
          bytes = changeOpaque(bytes);
          break;
        default:
      }
    }
    const due = monotonicNow() + delay;
    if (pieces === undefined) this.#add({ bytes, due, heldBy, after });
    else this.#addPieces({ bytes, due, heldBy, after }, pieces.bytes, pieces.ms);
    this.pump();
  }

  /** Closes the connection once all that waits is sent. */
  end(): void {
    this.#add({ bytes: NOTHING, due: 0, heldBy: undefined, after: 'end' });
    this.pump();
  }

  /** Sends what is due and not held back. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (;;) {
      const [step] = this.#steps;
      if (step === undefined || step.heldBy?.active === true) return;
      const wait = step.due - monotonicNow();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(wait));
        return;
      }
      this.#steps.shift();
      this.bytes -= step.bytes.length;
      if (step.bytes.length > 0) this.#target.write(step.bytes);
      if (step.after === 'drop') this.#target.drop();
      else if (step.after === 'end') this.#target.end();
      if (step.after !== undefined) return;
    }
  }

  /** Forgets what waits; the connection is gone. */
  close(): void {
    clearTimeout(this.#timer);
    this.#steps = [];
    this.bytes = 0;
  }

  #addPieces(whole: Step, size: number, pause: number): void {
    const { bytes, heldBy, after } = whole;
    let due = Math.max(whole.due, this.#lastDue + pause);
    for (let at = 0; at < bytes.length; at += size) {
      const last = at + size >= bytes.length;
      this.#add({ bytes: bytes.subarray(at, at + size), due, heldBy, after: last ? after : undefined });
      due += pause;
    }
    if (bytes.length === 0) this.#add(whole);
  }

  #add(step: Step): void {
    // Replies stay in order: none is due before the one in front of it.
    step.due = Math.max(step.due, this.#lastDue);
    this.#lastDue = step.due;
    this.bytes += step.bytes.length;
    this.#steps.push(step);
  }
}

const CRLF = Buffer.from('\r\n');
const NOTHING = new Uint8Array(0);
