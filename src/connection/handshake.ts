import type { Protocol, ProtocolName } from '../protocol/protocol.ts';

/** How a client says who it is: by SASL, or by a `set` that only a server with ASCII authentication understands. */
export type Login =
  | 'none'
  | 'sasl'
  /** memcached's `-Y`: any key, and the value `user password` (`protocol.txt`, "Authentication"). */
  | 'text'
  /** MemCachier's: the key is the user name, the value the password. */
  | 'text-by-key';

/** How a connection begins: the protocol it tries, and how it logs in. */
export interface Handshake {
  readonly protocol: Protocol;
  readonly login: Login;
  /** Whether there are other ways to try. */
  readonly auto: boolean;
}

/**
 * Why a handshake failed, where another one may do better: the server doesn't know the protocol (it
 * closed the connection, or answered with something else), or it knows the login but refused it.
 */
export type Rejection = 'unknown' | 'refused';

export type Protocols = Readonly<Record<ProtocolName, Protocol>>;

/** What to begin with. */
export function firstHandshake(
  protocols: Protocols,
  setting: 'auto' | ProtocolName,
  hasCredentials: boolean,
): Handshake {
  if (setting === 'auto') {
    return hasCredentials
      ? { protocol: protocols.binary, login: 'sasl', auto: true }
      : { protocol: protocols.meta, login: 'none', auto: true };
  }
  const protocol = protocols[setting];
  return { protocol, login: hasCredentials ? protocol.login : 'none', auto: false };
}

/** What to try after a rejection; nothing when all has been tried. */
export function nextHandshake(protocols: Protocols, last: Handshake, rejection: Rejection): Handshake | undefined {
  const { protocol, login, auto } = last;
  if (rejection === 'refused') return login === 'text' ? { ...last, login: 'text-by-key' } : undefined;
  if (!auto) return undefined;
  if (login === 'sasl') return { ...last, protocol: protocols.meta, login: 'text' };
  if (protocol === protocols.meta && login === 'none') return { ...last, protocol: protocols.binary };
  return protocol === protocols.classic ? undefined : { ...last, protocol: protocols.classic };
}

const LOGINS: Readonly<Record<Login, string>> = {
  none: '',
  sasl: ' with SASL',
  text: ' with ASCII authentication',
  'text-by-key': ' with ASCII authentication, the user as the key',
};

/** A handshake in an error message. */
export function describe({ protocol, login }: Handshake): string {
  return `${protocol.name}${LOGINS[login]}`;
}
