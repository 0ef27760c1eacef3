import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import { Request, type WireValue } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** MemJS's words for a login that was refused. */
export const AUTH_FAILED = 'Memcached server authentication failed!';

/** A request of the connection's own, before it takes anybody else's. */
class HandshakeRequest extends Request {
  private readonly onReply: (reply: Reply) => void;

  constructor(op: Op, key: string, value: WireValue | undefined, onReply: (reply: Reply) => void) {
    super(op, key);
    this.value = value;
    // The whole handshake has one deadline, the connection's.
    this.timeout = Number.POSITIVE_INFINITY;
    this.onReply = onReply;
  }

  override settle(reply: Reply): void {
    this.onReply(reply);
  }

  /** Whatever fails a handshake ends the connection, and that is told to its owner. */
  override fail(): void {}
}

/**
 * Logs in over the binary protocol: asks for the mechanisms, then sends PLAIN (memcached's `protocol-binary.txt`,
 * "SASL"). A server that knows no SASL needs no login, as MemJS has it.
 */
export function authenticate(
  { username, password }: Credentials,
  send: (request: Request) => void,
  done: (error?: MemcacheError) => void,
): void {
  const login = new HandshakeRequest(Op.SaslAuth, 'PLAIN', `\0${username}\0${password}`, ({ status }) => {
    if (status === Status.Ok || status === Status.UnknownCommand) done();
    else done(new MemcacheError('ERR_AUTH', AUTH_FAILED));
  });
  send(
    new HandshakeRequest(Op.SaslList, '', undefined, ({ status, value }) => {
      const mechanisms = status === Status.Ok ? (value?.toString('latin1') ?? '') : '';
      if (status === Status.UnknownCommand) done();
      else if (mechanisms !== '' && !mechanisms.split(' ').includes('PLAIN')) {
        done(new MemcacheError('ERR_AUTH', `${AUTH_FAILED} The server does not offer the mechanism PLAIN`));
      } else send(login);
    }),
  );
}
