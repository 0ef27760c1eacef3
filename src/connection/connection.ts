import type { Socket } from 'node:net';
import { monotonicNow, setImmediate } from '../clock.ts';
import { type ErrorCode, MemcacheError } from '../errors.ts';
import type { Decoder, Protocol } from '../protocol/protocol.ts';
import type { Holder, Request } from '../protocol/request.ts';
import type { ConnectionOptions, ServerWatcher } from './connection-options.ts';
import { connect, type Reader, readyEvent } from './connector.ts';
import type { Rejection } from './handshake.ts';
import { type Failure, QuitRequest } from './handshake-request.ts';
import { logIn } from './login.ts';
import { OpenTimer } from './open-timer.ts';
import { Turn } from './output-buffer.ts';
import { located, Pipeline, type PipelineOwner, type Waiting } from './pipeline.ts';
import { AUTH_FAILED, mayHarm, notSpoken, probe } from './probe.ts';
import type { Peer } from './telemetry.ts';

/** Gets what becomes of a connection. */
export interface ConnectionOwner {
  /** Commands may be sent. */
  onReady(connection: Connection): void;
  /** The server that it is a connection to. */
  readonly watcher: ServerWatcher;
  /** The connection takes no further commands, but some that it has may still be answered. */
  onRetired(connection: Connection): void;
  /** The connection is over; called once, before what waited on it fails. */
  onClosed(connection: Connection, error: MemcacheError): void;
}

/** What ends a connection that nobody needs any more; nobody gets an error. */
const CLOSED = 'The connection was closed by the client';

/** What has been sent of a value can't be called back, and its caller may change the rest. */
const LEFT_IN_PART = 'The connection was closed: a value that was given up had left in part';

type State = 'opening' | 'ready' | 'retired' | 'closed';

/**
 * One socket: opens it, shakes hands, and writes what its pipeline has encoded, in one write at the end of the turn.
 */
export class Connection implements PipelineOwner, Reader {
  /** Why the handshake failed, where another one may do better. */
  rejection: Rejection | undefined;
  /** Whether the server has answered anything. */
  proven = false;
  #state: State = 'opening';
  /** Whether the socket has been opened. */
  #reached = false;
  /** Private for real, so that no inspection shows the password. */
  readonly #options: ConnectionOptions;
  readonly #owner: ConnectionOwner;
  readonly #pipeline: Pipeline;
  readonly #socket: Socket;
  readonly #decoder: Decoder;
  readonly #turn: Turn;
  readonly #sendStep = (step: Request): void => this.send(step);
  readonly #openTimer: OpenTimer;
  /** Whether it is only assumed what the server speaks. */
  #unproven = false;
  /** Whether the output has to wait until that is proven. */
  #held = false;
  /** How many of the requests that are to prove it came first. */
  #asked = 0;
  /** Whether the socket has asked for no more until it drains, or the event loop is to have its turn first. */
  #blocked = false;
  #yielding = false;
  /** Whether it is only open since something may still come that shows that the server works. */
  #lingering = false;
  /** Who waits for the end of the socket. */
  readonly #onEnded: (() => void)[] = [];

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    const { endpoint, handshake, name, timeout, conntimeout, silence } = options;
    this.#options = options;
    this.#owner = owner;
    this.#pipeline = new Pipeline(handshake.protocol, name, timeout, options.gathering, this);
    this.#decoder = handshake.protocol.createDecoder(this.#pipeline);
    this.#turn = new Turn(() => this.#endTurn(), endpoint.tls !== undefined);
    this.#socket = connect(endpoint, this);
    this.#socket.on('connect', () => this.#openTimer.sign());
    this.#socket.on(readyEvent(endpoint), () => this.#opened());
    this.#socket.on('drain', () => this.#drained());
    this.#socket.on('end', () => this.#inputEnded());
    this.#socket.on('error', (cause) => this.#lost('The connection failed', cause));
    this.#socket.on('close', () => this.#ended());
    this.#openTimer = new OpenTimer(conntimeout, silence, () => this.#openTimedOut());
  }

  get protocol(): Protocol {
    return this.#pipeline.protocol;
  }

  /** Where what is sent waits. */
  get holder(): Holder {
    return this.#pipeline;
  }

  /** The commands that somebody waits for, and since when. */
  awaited(now: number): Waiting {
    return this.#pipeline.awaited(now);
  }

  /** How many requests wait for a response. */
  get pending(): number {
    return this.#pipeline.length - this.#asked;
  }

  /** The other end, while the socket is open; none of a unix socket. */
  get peer(): Peer | undefined {
    const { remoteAddress: address, remotePort: port } = this.#socket;
    return address === undefined || port === undefined ? undefined : { address, port };
  }

  /** Sends a request. Only for a connection that is ready. */
  send(whole: Request): void {
    const pipeline = this.#pipeline;
    const { split } = pipeline.protocol;
    const request = split === undefined ? whole : split(whole, this.#sendStep);
    if (this.#unproven && !this.#held && mayHarm(request)) this.#hold();
    if (pipeline.fresh === 0) {
      if (pipeline.output.holds) this.#giveBackOutput();
      this.#turn.begin();
    }
    pipeline.add(request);
  }

  release(request: Request): void {
    if (this.#pipeline.output.giveBack(request) || this.#socket.writableLength === 0) return;
    this.destroy(this.#error('ERR_CONNECT', LEFT_IN_PART));
  }

  /** Takes no further commands, waits for the responses to those it has, disconnects from the server and closes. */
  quit(onClosed: () => void): void {
    if (this.#socket.closed) onClosed();
    else this.#onEnded.push(onClosed);
    if (this.#state === 'closed') return;
    this.retire();
    if (this.protocol.answersQuit) this.send(new QuitRequest(this.#options.timeout));
    else this.#closeUnlessNeeded();
  }

  /** Closes if it is only open for what may still come. */
  stopLingering(): void {
    if (this.#lingering) this.#closeUnlessNeeded();
  }

  /** Closes unless somebody waits for a response, whoever would have to hear of others. */
  abandon(): void {
    if (!this.#pipeline.isNeeded()) this.destroy(this.#error('ERR_CLOSED', CLOSED));
  }

  /** Closes at once; what waits fails with `error`. */
  destroy(error: MemcacheError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#openTimer.stop();
    this.#socket.destroy();
    this.#decoder.close();
    const failWaiting = this.#pipeline.end(error);
    this.#owner.onClosed(this, error);
    failWaiting();
  }

  #opened(): void {
    this.#reached = true;
    this.#openTimer.sign();
    const { handshake, credentials } = this.#options;
    const send = (request: Request): void => this.send(request);
    logIn(handshake, credentials, send, (failure, proven) => {
      if (failure !== undefined) this.#rejected(failure);
      else if (proven) this.#becomeReady(handshake.protocol);
      else this.#prove(handshake.protocol, send);
    });
  }

  #prove(protocol: Protocol, send: (request: Request) => void): void {
    const { assumed } = this.#options;
    probe(this.#options.handshake, send, (failure, spoken = protocol, version) => {
      if (version !== undefined) this.#options.onVersion(version);
      if (failure !== undefined) this.#rejected(failure);
      else if (this.#state === 'opening') this.#becomeReady(spoken);
      else this.#letGo(spoken);
    });
    if (assumed === undefined) return;
    this.#unproven = true;
    this.#asked = this.#pipeline.length;
    this.#becomeReady(assumed);
  }

  /** Writes what has come so far, and nothing more until the server has shown what it speaks. */
  #hold(): void {
    this.#endTurn();
    this.#held = true;
    this.#pipeline.deferring = true;
  }

  /** Writes what has waited for the proof. */
  #letGo(protocol: Protocol): void {
    this.#unproven = false;
    this.#held = false;
    this.#asked = 0;
    this.#pipeline.protocol = protocol;
    this.#goOn();
  }

  onUnsayable(error: MemcacheError): void {
    this.#rejected({ error, rejection: 'refused' });
  }

  onLoginWanted(): void {
    this.destroy(this.#error('ERR_AUTH', AUTH_FAILED));
  }

  #rejected({ error, rejection }: Failure): void {
    this.rejection = rejection;
    this.destroy(located(error, this.#options.name));
  }

  #becomeReady(protocol: Protocol): void {
    this.#openTimer.stop();
    this.#pipeline.protocol = protocol;
    this.#state = 'ready';
    this.#owner.onReady(this);
  }

  #openTimedOut(): void {
    this.destroy(this.#error('ERR_TIMEOUT', 'socket timed out connecting to server.'));
  }

  #giveBackOutput(): void {
    if (this.#socket.writableLength === 0) this.#pipeline.output.rewind();
  }

  /** Stamps what came in this turn and writes it out, all in one. */
  #endTurn(): void {
    if (this.#state === 'closed') return;
    this.#pipeline.stamp();
    this.#goOn();
  }

  /** Writes what may leave now. */
  #goOn(): void {
    const pipeline = this.#pipeline;
    const { backlog, output } = pipeline;
    if (this.#blocked || this.#held || (pipeline.unwritten === 0 && backlog.length === 0)) return;
    const socket = this.#socket;
    if (backlog.length > 0) pipeline.catchUp();
    const isEmpty = pipeline.unwritten === 0;
    // Before the socket has it, which may fail at once.
    pipeline.unwritten = 0;
    if (!isEmpty) this.#blocked = !this.#flush() && socket.writableLength > 0;
    if (socket.writableLength === 0) output.rewind();
    if (backlog.length > 0 && !this.#blocked) this.#yieldToInput();
    pipeline.deferring = this.#blocked || backlog.length > 0;
  }

  /** Ends the connection where something can't be written of which the lengths stand already. */
  #flush(): boolean {
    try {
      return this.#pipeline.output.flush(this.#socket);
    } catch (error) {
      this.#lost((error as Error).message);
      return true;
    }
  }

  /** Lets responses in before more leaves, however fast the socket takes it. */
  #yieldToInput(): void {
    this.#blocked = true;
    if (this.#yielding) return;
    this.#yielding = true;
    setImmediate(() => {
      this.#yielding = false;
      this.#drained();
    });
  }

  #drained(): void {
    this.#blocked = false;
    if (this.#state !== 'closed') this.#goOn();
  }

  room(): Buffer {
    return this.#decoder.room();
  }

  read(buffer: Buffer, length: number): void {
    if (this.#state === 'closed') return;
    const pipeline = this.#pipeline;
    const unproven = this.#unproven;
    pipeline.moved = false;
    pipeline.heard = false;
    if (this.#state === 'opening') this.#openTimer.sign();
    try {
      this.#decoder.decode(buffer, 0, length);
    } catch (error) {
      this.#owner.watcher.onInput(monotonicNow(), false);
      this.#garbled(located(error, this.#options.name));
      return;
    }
    // What was written when the socket was full has left meanwhile.
    if (pipeline.output.holds) this.#giveBackOutput();
    const now = monotonicNow();
    if (pipeline.heard) {
      if (pipeline.moved) {
        pipeline.movedAt = now;
        if (!unproven) pipeline.answeredAt = now;
      }
      this.proven = true;
    }
    this.#owner.watcher.onInput(now, pipeline.heard);
    if (this.#state === 'retired') this.#leave();
  }

  /** Ends the attempts that are over, gives up a stream that has come to a stop, and tells when to look again. */
  sweep(now: number): number {
    const pipeline = this.#pipeline;
    const { late, next } = pipeline.takeLate(now);
    const stuckAt = this.#state === 'ready' ? pipeline.stuckAt() : Number.POSITIVE_INFINITY;
    // Before they fail, since some of them may be tried again.
    if (stuckAt <= now) this.retire();
    pipeline.failLate(late);
    if (this.#state === 'retired') this.#leave();
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY;
    return stuckAt <= now ? next : Math.min(next, stuckAt);
  }

  /** Takes no further commands; closes when nobody waits for a response any more. */
  retire(): void {
    if (this.#state === 'retired' || this.#state === 'closed') return;
    this.#state = 'retired';
    this.#pipeline.retired();
    this.#owner.onRetired(this);
    // Neither a response nor a deadline would come by to close one that nobody waits on.
    setImmediate(() => this.#leave());
  }

  onTimedOut(error: MemcacheError, sentAt: number, time: number): void {
    this.#owner.watcher.onTimedOut(error, sentAt, time);
  }

  /**
   * Closes when nobody waits for a response any more, unless a late one is to show yet that the server works, or what it has
   * made of a write.
   */
  #leave(): void {
    if (this.#pipeline.isNeeded()) return;
    if (this.#isWatched || (this.#onEnded.length === 0 && this.#owner.watcher.lingers())) this.#linger();
    else this.abandon();
  }

  get #isWatched(): boolean {
    return this.#onEnded.length === 0 && this.#pipeline.isWatched();
  }

  #linger(): void {
    this.#lingering = true;
    this.#socket.unref();
  }

  #closeUnlessNeeded(): void {
    if (!this.#isWatched) this.abandon();
  }

  #garbled(error: MemcacheError): void {
    const foreign = error.code === 'ERR_PROTOCOL' && (this.#unproven || this.#state === 'opening');
    if (foreign && this.#state === 'opening') this.rejection = 'unknown';
    this.destroy(foreign ? located(notSpoken(this.protocol, error), this.#options.name) : error);
  }

  /** The server sends nothing more. */
  #inputEnded(): void {
    // What follows from its last response goes by another connection.
    if (this.#state === 'ready') this.retire();
    if (this.#state !== 'closed') this.#decoder.ended?.();
    this.#lost('The server closed the connection');
  }

  /** The socket is closed, whoever did it. */
  #ended(): void {
    this.#lost('The connection was closed');
    for (const onEnded of this.#onEnded.splice(0)) onEnded();
  }

  #lost(message: string, cause?: Error): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'opening' && this.#reached) this.rejection = 'unknown';
    const error = this.#error('ERR_CONNECT', cause ? `${message}: ${cause.message}` : message, cause);
    this.destroy(error);
  }

  #error(code: ErrorCode, message: string, cause?: unknown): MemcacheError {
    return new MemcacheError(code, message, { server: this.#options.name, cause });
  }
}
