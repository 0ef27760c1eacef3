/**
 * What happened to a request, whatever protocol said so. The numbers are the binary protocol's status codes
 * (memcached's `protocol_binary.h`); from 0x100 on they are memts's.
 */
export const Status = {
  Ok: 0x00,
  Miss: 0x01,
  Exists: 0x02,
  TooLarge: 0x03,
  InvalidArguments: 0x04,
  NotStored: 0x05,
  NonNumeric: 0x06,
  WrongVbucket: 0x07,
  AuthError: 0x20,
  AuthContinue: 0x21,
  UnknownCommand: 0x81,
  OutOfMemory: 0x82,
  NotSupported: 0x83,
  InternalError: 0x84,
  Busy: 0x85,
  TemporaryFailure: 0x86,
  /** A key of a batch that the protocol can't say; nothing was sent for it. */
  InvalidKey: 0x100,
  /** memcached runs without flush (`-F`). */
  FlushOff: 0x101,
} as const;

/** A known status or any other number that a server answered with. */
export type Status = number;

/** MemJS's words for the statuses, by number. */
export const STATUS_TEXTS: Readonly<Record<number, string>> = {
  [Status.Ok]: 'No error',
  [Status.Miss]: 'Key not found',
  [Status.Exists]: 'Key exists',
  [Status.TooLarge]: 'Value too large',
  [Status.InvalidArguments]: 'Invalid arguments',
  [Status.NotStored]: 'Item not stored',
  [Status.NonNumeric]: 'Incr/Decr on non-numeric value',
  [Status.WrongVbucket]: 'The vbucket belongs to another server',
  8: 'Authentication error',
  9: 'Authentication continue',
  [Status.AuthError]: 'Authentication error',
  [Status.AuthContinue]: 'Authentication continue',
  [Status.UnknownCommand]: 'Unknown command',
  [Status.OutOfMemory]: 'Out of memory',
  [Status.NotSupported]: 'Not supported',
  [Status.InternalError]: 'Internal error',
  [Status.Busy]: 'Busy',
  [Status.TemporaryFailure]: 'Temporary failure',
  [Status.FlushOff]: 'flush is switched off on the server (memcached -F)',
  [Status.InvalidKey]: 'Invalid key: the protocol that the server speaks has no form for it',
};
