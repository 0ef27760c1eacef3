import { MemcacheError } from '../errors.ts';
import { Op } from '../protocol/op.ts';
import { Status } from '../protocol/status.ts';
import type { Handshake } from './handshake.ts';
import { type Failure, HandshakeRequest, type Send } from './handshake-request.ts';
import { AUTH_FAILED } from './probe.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** Called once with how a login ended; `proven`, where it shows what the server speaks. */
type LoggedIn = (failure: Failure | undefined, proven: boolean) => void;

/** Logs in, where the handshake asks for it. */
export function logIn({ login }: Handshake, credentials: Credentials | undefined, send: Send, done: LoggedIn): void {
  if (login === 'none' || credentials === undefined) done(undefined, false);
  else if (login === 'sasl') authenticateSasl(credentials, send, done);
  else authenticateText(credentials, login === 'text-by-key', send, done);
}

/**
 * Asks for the mechanisms, then sends PLAIN (memcached's `protocol-binary.txt`, "SASL"). A server that knows no SASL
 * needs no login, as MemJS has it; one that answers at all speaks the binary protocol.
 */
function authenticateSasl({ username, password }: Credentials, send: Send, done: LoggedIn): void {
  const refuse = (text: string): void => done({ error: authError(text) }, false);
  if (username.includes('\0') || password.includes('\0')) {
    // It would end the name, and log in somebody else (RFC 4616, "PLAIN SASL Mechanism").
    refuse('A user name or password with a NUL is not for SASL.');
    return;
  }
  const login = new HandshakeRequest(Op.SaslAuth, 'PLAIN', `\0${username}\0${password}`, ({ status }) => {
    if (status === Status.Ok || status === Status.UnknownCommand) done(undefined, true);
    else refuse(AUTH_FAILED);
  });
  send(
    new HandshakeRequest(Op.SaslList, '', undefined, ({ status, value }) => {
      const mechanisms = status === Status.Ok ? (value?.toString('latin1') ?? '') : '';
      if (status === Status.UnknownCommand) done(undefined, true);
      else if (mechanisms !== '' && !mechanisms.split(' ').includes('PLAIN')) {
        refuse(`${AUTH_FAILED} The server does not offer the mechanism PLAIN`);
      } else send(login);
    }),
  );
}

/**
 * Logs in with a `set` (`protocol.txt`, "Authentication"). Nothing may be sent behind it until it is answered: the
 * refusal would be lost. A server that wants no login stores it as an item, so it is one that has expired already.
 */
function authenticateText({ username, password }: Credentials, byKey: boolean, send: Send, done: LoggedIn): void {
  const refuse = (text: string): void => done({ error: authError(text), rejection: 'refused' }, false);
  if (!byKey && username.includes(' ')) {
    // It would end the name there, and log in somebody else.
    refuse('A user name with a space is not for ASCII authentication.');
    return;
  }
  const key = byKey ? username : 'memts';
  const value = byKey ? password : `${username} ${password}`;
  send(
    new HandshakeRequest(Op.TextAuth, key, value, ({ status }) => {
      if (status === Status.Ok) done(undefined, false);
      else refuse(AUTH_FAILED);
    }),
  );
}

function authError(message: string): MemcacheError {
  return new MemcacheError('ERR_AUTH', message);
}
