import { MemcacheError } from '../errors.ts';
import { LONGEST_RELATIVE } from '../protocol/expiration.ts';
import { Op } from '../protocol/op.ts';
import type { Reply } from '../protocol/reply.ts';
import { Request } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import type { Introduction, Rebuff } from './introduction.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** MemJS's words for a login that was refused. */
export const AUTH_FAILED = 'Memcached server authentication failed!';

/** What a handshake came to: nothing to say when the connection is ready. */
export interface Failure {
  error: MemcacheError;
  /** Set where another introduction may do better. */
  rebuff?: Rebuff;
}

/** A Unix time: the first number of seconds that is taken for one. */
const LONG_AGO = LONGEST_RELATIVE + 1;

type Send = (request: Request) => void;
type Done = (failure?: Failure) => void;

/** A request of the connection's own, before it takes anybody else's. */
class HandshakeRequest extends Request {
  private readonly onReply: (reply: Reply) => void;

  constructor(op: Op, key: string, value: string | undefined, onReply: (reply: Reply) => void) {
    super(op, key);
    this.value = value;
    // The whole handshake has one deadline, the connection's.
    this.timeout = Number.POSITIVE_INFINITY;
    // A login in text looks like a store, and a server that wants none carries it out: what it stores is gone at once.
    this.expiration = LONG_AGO;
    this.onReply = onReply;
  }

  override settle(reply: Reply): void {
    this.onReply(reply);
  }

  /** Whatever fails a handshake ends the connection, and that is told to its owner. */
  override fail(): void {}
}

/** Logs in and makes sure of the protocol, as far as the introduction asks for it. */
export function introduce(
  introduction: Introduction,
  credentials: Credentials | undefined,
  send: Send,
  done: Done,
): void {
  const proceed = (): void => (introduction.probe ? probe(introduction, send, done) : done());
  if (introduction.login === 'none' || credentials === undefined) proceed();
  // A server that answers to SASL speaks the binary protocol: that needs no further question.
  else if (introduction.login === 'sasl') authenticateSasl(credentials, send, done);
  else authenticateText(credentials, introduction.login === 'text-by-key', send, proceed, done);
}

/**
 * Asks for the mechanisms, then sends PLAIN (memcached's `protocol-binary.txt`, "SASL"). A server that knows no SASL
 * needs no login, as MemJS has it.
 */
function authenticateSasl({ username, password }: Credentials, send: Send, done: Done): void {
  if (username.includes('\0') || password.includes('\0')) {
    // It would end the name, and log in somebody else (RFC 4616, "PLAIN SASL Mechanism").
    done({ error: authError('A user name or password with a NUL is not for SASL.') });
    return;
  }
  const login = new HandshakeRequest(Op.SaslAuth, 'PLAIN', `\0${username}\0${password}`, ({ status }) => {
    if (status === Status.Ok || status === Status.UnknownCommand) done();
    else done({ error: authError(AUTH_FAILED) });
  });
  send(
    new HandshakeRequest(Op.SaslList, '', undefined, ({ status, value }) => {
      const mechanisms = status === Status.Ok ? (value?.toString('latin1') ?? '') : '';
      if (status === Status.UnknownCommand) done();
      else if (mechanisms !== '' && !mechanisms.split(' ').includes('PLAIN')) {
        done({ error: authError(`${AUTH_FAILED} The server does not offer the mechanism PLAIN`) });
      } else send(login);
    }),
  );
}

/**
 * Logs in with a `set` (`protocol.txt`, "Authentication"). Nothing may be sent behind it until it is answered: the
 * refusal would be lost. A server that wants no login stores it as an item, so it is one that has expired already.
 */
function authenticateText(
  { username, password }: Credentials,
  byKey: boolean,
  send: Send,
  proceed: () => void,
  done: Done,
): void {
  if (!byKey && username.includes(' ')) {
    // It would end the name there, and log in somebody else.
    done({ error: authError('A user name with a space is not for text authentication.'), rebuff: 'refused' });
    return;
  }
  const key = byKey ? username : 'memts';
  const value = byKey ? password : `${username} ${password}`;
  send(
    new HandshakeRequest(Op.TextAuth, key, value, ({ status }) => {
      if (status === Status.Ok) proceed();
      else done({ error: authError(AUTH_FAILED), rebuff: 'refused' });
    }),
  );
}

/** Asks something harmless that only a server with this protocol answers. */
function probe({ protocol }: Introduction, send: Send, done: Done): void {
  const op = protocol.name === 'classic' ? Op.Version : Op.Noop;
  send(
    new HandshakeRequest(op, '', undefined, ({ status }) => {
      if (status === Status.Ok) done();
      else if (status === Status.AuthError) done({ error: authError(AUTH_FAILED) });
      else {
        const error = new MemcacheError('ERR_PROTOCOL', `The server does not speak the ${protocol.name} protocol`);
        done({ error, rebuff: 'unknown' });
      }
    }),
  );
}

function authError(message: string): MemcacheError {
  return new MemcacheError('ERR_AUTH', message);
}
