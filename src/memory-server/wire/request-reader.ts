/** What {@link Conversation.head} answers when no data block follows. */
export const NO_BODY = -1;

/** What {@link Conversation.head} answers when it has to be called again with the same bytes, once it is unblocked. */
export const AGAIN = -2;

/** What {@link Conversation.headLength} answers when the bytes can never become a head: nothing more is read. */
export const NEVER = -1;

/** Whether and how far a connection is read. */
export interface Flow {
  /** Set when nothing more may be read for now, because earlier replies have not gone out. */
  readonly blocked: boolean;
  /** Set when nothing more will be read from the connection. */
  readonly ended: boolean;
  /** Called when a command has been dealt with and its whole reply is written. */
  commandDone(): void;
}

/** The server's side of one connection in one protocol: gets each head (line or frame) and each data block. */
export interface Conversation {
  readonly channel: Flow;
  /**
   * How long the head that begins at `start` is: 0 when more bytes are needed, {@link NEVER} to give up. Bytes before
   * `from` have been looked at by an earlier call, which found no end in them.
   */
  headLength(buffer: Buffer, start: number, from: number, end: number): number;
  /** Takes one head; answers with the length of the data block behind it, {@link NO_BODY} or {@link AGAIN}. */
  head(buffer: Buffer, start: number, end: number): number;
  /** Takes the data block that the last head announced. Keeps no reference to the buffer. */
  body(buffer: Buffer, start: number, end: number): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * Cuts the bytes of a connection into heads and data blocks, in whatever pieces they come. Bytes are copied only when
 * a head or a data block straddles two chunks, and never more than once.
 */
export class RequestReader {
  readonly #conversation: Conversation;
  #buffer: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  /** Up to where the unfinished head has been looked at. */
  #scanned = 0;
  /** Whether the buffer was made here, so that it may be appended to. */
  #owned = false;
  #bodyLength = NO_BODY;
  #body: Buffer | undefined;
  #filled = 0;
  #skip = 0;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** Bytes held until more of the head comes or the conversation is unblocked. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Throws away the next `bytes` bytes, whatever they are. */
  skip(bytes: number): void {
    this.#skip += bytes;
  }

  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#scanned = 0;
      this.#end = chunk.length;
      this.#owned = false;
    } else {
      this.#append(chunk);
    }
    this.resume();
  }

  /** Goes on with what is there, after the conversation was unblocked. */
  resume(): void {
    const conversation = this.#conversation;
    while (!conversation.channel.blocked && !conversation.channel.ended) {
      if (this.#skip > 0 && !this.#skipBytes()) break;
      if (this.#bodyLength !== NO_BODY) {
        if (!this.#readBody()) break;
        continue;
      }
      if (this.#start === this.#end) break;
      if (!this.#readHead()) break;
    }
    if (conversation.channel.ended || this.#start === this.#end) {
      this.#buffer = NOTHING;
      this.#start = this.#end = this.#scanned = 0;
    }
  }

  /** Throws bytes away; false while there are not enough of them. */
  #skipBytes(): boolean {
    const skipped = Math.min(this.#skip, this.#end - this.#start);
    this.#skip -= skipped;
    this.#advance(skipped);
    return this.#skip === 0;
  }

  #advance(bytes: number): void {
    this.#start += bytes;
    this.#scanned = this.#start;
  }

  /** False while there is no whole head. */
  #readHead(): boolean {
    const conversation = this.#conversation;
    const length = conversation.headLength(this.#buffer, this.#start, this.#scanned, this.#end);
    if (length <= 0) {
      this.#scanned = this.#end;
      return false;
    }
    const body = conversation.head(this.#buffer, this.#start, this.#start + length);
    if (body === AGAIN) return true;
    this.#advance(length);
    if (body === NO_BODY) conversation.channel.commandDone();
    else this.#bodyLength = body;
    return true;
  }

  /** False while there is no whole data block. */
  #readBody(): boolean {
    const length = this.#bodyLength;
    const available = this.#end - this.#start;
    if (this.#body === undefined) {
      if (available >= length) {
        this.#conversation.body(this.#buffer, this.#start, this.#start + length);
        this.#finishBody(length);
        return true;
      }
      this.#body = Buffer.allocUnsafeSlow(length);
      this.#filled = 0;
    }
    const taken = Math.min(length - this.#filled, available);
    this.#buffer.copy(this.#body, this.#filled, this.#start, this.#start + taken);
    this.#filled += taken;
    if (this.#filled < length) {
      this.#advance(taken);
      return false;
    }
    this.#conversation.body(this.#body, 0, length);
    this.#body = undefined;
    this.#finishBody(taken);
    return true;
  }

  #finishBody(bytes: number): void {
    this.#bodyLength = NO_BODY;
    this.#advance(bytes);
    this.#conversation.channel.commandDone();
  }

  /** Puts a chunk behind an unfinished head; the room doubles, so that a long head is copied a few times at most. */
  #append(chunk: Buffer): void {
    const held = this.#end - this.#start;
    const needed = held + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) {
      const room = this.#owned && needed <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafeSlow(needed * 2);
      this.#buffer.copy(room, 0, this.#start, this.#end);
      this.#buffer = room;
      this.#scanned -= this.#start;
      this.#start = 0;
      this.#end = held;
      this.#owned = true;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }
}
