import { MemcacheError } from '../errors.ts';
import { meta, metaFor } from '../protocol/meta/index.ts';
import { Op } from '../protocol/op.ts';
import { isPlainKey } from '../protocol/plain-key.ts';
import type { Protocol } from '../protocol/protocol.ts';
import type { Reply, Request } from '../protocol/request.ts';
import { Status } from '../protocol/status.ts';
import type { Handshake } from './handshake.ts';
import { type Done, HandshakeRequest, type Send } from './handshake-request.ts';

/** MemJS's words for a login that was refused. */
export const AUTH_FAILED = 'Memcached server authentication failed!';

/** A key that has to be sent in base64, which the meta protocol has had for as long as its present form of a store. */
const ENCODED_KEY = 'memts probe';

/** What a proxy answers whose own server is away, so that it can't say more. */
const SERVER_ERRORS: ReadonlySet<Status> = new Set([Status.InternalError, Status.OutOfMemory, Status.TooLarge]);

/** Makes sure, before any value is sent, that the server speaks the protocol in the form that is spoken here. */
export function probe({ protocol }: Handshake, send: Send, done: Done): void {
  const { proof } = protocol;
  if (proof === undefined) probeMeta(send, done);
  else probePlain(protocol, proof.op, proof.times, send, done);
}

/** Any response in the protocol's own form will do: no other server gives it. `ERROR` alone is the word of many. */
function probePlain(protocol: Protocol, op: Op, times: number, send: Send, done: Done): void {
  let answers = 0;
  const answered = ({ status, value }: Reply): void => {
    const isWord = status === Status.UnknownCommand && op === Op.Version;
    if (isWord || status === Status.AuthError) refuse(status, protocol, done);
    else if (++answers === times) done(undefined, protocol, op === Op.Version ? versionIn(status, value) : undefined);
  };
  for (let time = 0; time < times; time++) {
    send(new HandshakeRequest(op, '', undefined, answered));
  }
}

/**
 * `mn` alone proves little: memcached 1.6.0 to 1.6.9 answer it, but speak an older form, in which the value of a store
 * would be run as commands. They don't know base64, and proxies pass that question on to the servers behind them. The
 * version is looked at where the server says it, since a proxy may say another one.
 */
function probeMeta(send: Send, done: Done): void {
  let encodedKey: Status = Status.UnknownCommand;
  let text: string | undefined;
  send(
    new HandshakeRequest(Op.Get, ENCODED_KEY, undefined, ({ status }) => {
      encodedKey = status;
      if (status === Status.AuthError) refuse(status, meta, done);
    }),
  );
  send(
    new HandshakeRequest(Op.Version, '', undefined, ({ status, value }) => {
      text = versionIn(status, value);
    }),
  );
  send(
    new HandshakeRequest(Op.Noop, '', undefined, ({ status }) => {
      const version = versionOf(text ?? '');
      if (status !== Status.Ok) refuse(status, meta, done);
      else if (speaksPresentForm(encodedKey, version))
        done(undefined, metaFor({ deletesByCas: deletesByCas(version) }), text);
      else if (SERVER_ERRORS.has(encodedKey)) refuse(encodedKey, meta, done);
      else done({ error: olderForm(), rejection: 'unknown' });
    }),
  );
}

/** The version, where a server says it. */
function versionIn(status: Status, value: Reply['value']): string | undefined {
  return status === Status.Ok ? String(value) : undefined;
}

/** A version of memcached 1: its second and third number. */
interface Version {
  minor: number;
  patch: number;
}

/** Some servers and proxies tell no version, or one of their own. */
function versionOf(text: string): Version | undefined {
  const found = /^1\.(\d+)\.(\d+)/.exec(text);
  return found === null ? undefined : { minor: Number(found[1]), patch: Number(found[2]) };
}

function isAtLeast({ minor, patch }: Version, ofSix: number): boolean {
  return minor > 6 || (minor === 6 && patch >= ofSix);
}

function speaksPresentForm(encodedKey: Status, version: Version | undefined): boolean {
  if (version !== undefined && !isAtLeast(version, 10)) return false;
  if (SERVER_ERRORS.has(encodedKey)) return version !== undefined;
  return encodedKey === Status.Ok || encodedKey === Status.Miss;
}

/** 1.6.10 to 1.6.12 take every CAS of a delete for another one. */
function deletesByCas(version: Version | undefined): boolean {
  return version !== undefined && isAtLeast(version, 13);
}

/** A server that does not speak the protocol that was named, or tried. */
export function notSpoken({ name }: Protocol, cause?: MemcacheError): MemcacheError {
  return new MemcacheError('ERR_PROTOCOL', `The server does not speak the ${name} protocol: ${ADVICE}`, { cause });
}

const ADVICE = "use the protocol 'auto', or one that it speaks";

function olderForm(): MemcacheError {
  const message = `The server speaks an older form of the meta protocol, as memcached before 1.6.10 does: ${ADVICE}`;
  return new MemcacheError('ERR_PROTOCOL', message);
}

function refuse(status: Status, protocol: Protocol, done: Done): void {
  if (status === Status.AuthError) {
    done({ error: new MemcacheError('ERR_AUTH', AUTH_FAILED) });
  } else if (SERVER_ERRORS.has(status)) {
    const message = `The server could not say whether it speaks the ${protocol.name} protocol`;
    done({ error: new MemcacheError('ERR_SERVER', message), rejection: 'unknown' });
  } else {
    done({ error: notSpoken(protocol), rejection: 'unknown' });
  }
}

/** Whether a server that reads lines could take what the user has put into a request for commands. */
export function mayHarm({ value, stores, key, keys }: Request): boolean {
  return value !== undefined || stores !== undefined || !isPlainKey(key) || keys?.every(isPlainKey) === false;
}
