import { MemcacheError } from 'memts';
import { hintAt, tlsHint } from './hints.ts';

/** What the program ends with. */
export const Exit = { Ok: 0, Miss: 1, Usage: 2, Server: 3 } as const;

/** An error whose message is all that the user needs. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError(Exit.Usage, message);
}

export function serverError(message: string): CliError {
  return new CliError(Exit.Server, message);
}

/** Errors of the caller, not of a server. */
const USAGE_CODES: ReadonlySet<string> = new Set(['ERR_INVALID_KEY', 'ERR_INVALID_ARGUMENT']);

/** Errors after which a server, or the way to it, is not to be counted on. */
const LOST_CODES: ReadonlySet<string> = new Set([
  'ERR_TIMEOUT',
  'ERR_CONNECT',
  'ERR_CLOSED',
  'ERR_AUTH',
  'ERR_PROTOCOL',
  'ERR_NO_SERVERS',
  'ERR_BUSY',
]);

/** Whether the next command would fail too. */
export function isLost(error: unknown): boolean {
  if (error instanceof CliError) return false;
  return error instanceof MemcacheError ? LOST_CODES.has(error.code) : !isSystemError(error);
}

/** What to end with after an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof AggregateError) return worstOf(error.errors);
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof MemcacheError) return USAGE_CODES.has(error.code) ? Exit.Usage : Exit.Server;
  // A file that can't be read or written was named by the user.
  return isSystemError(error) ? Exit.Usage : Exit.Server;
}

/** What to end with after several errors; 0 after none. */
export function worstOf(errors: Iterable<unknown>): number {
  return Math.max(Exit.Ok, ...[...errors].map(exitCodeOf));
}

/** An error in one line. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  if (error instanceof MemcacheError) {
    const text = withoutCommand(oneLine(error.message));
    const place = error.server !== undefined && !text.includes(error.server) ? `${error.server}: ` : '';
    return `${place}${text} (${error.code})${hintAt(error)}`;
  }
  const text = oneLine(error instanceof Error ? error.message : String(error));
  return error instanceof CliError ? text : `${text}${tlsHint(text)}`;
}

function oneLine(text: string): string {
  return plainTls(text).replace(/\s+/g, ' ').trim();
}

/** Who runs a command knows which; the client's texts begin with it for programs that were written for MemJS. */
function withoutCommand(text: string): string {
  return text.replace(/^(?:MemJS|memts) [A-Z ]+(?: \(.*?\))?: /, '');
}

/** OpenSSL tells numbers and places in its sources around what a person can use. */
function plainTls(text: string): string {
  return text.replace(/(?:[\dA-F]+:)?error:[\dA-F]+:[^:]*:[^:]*:([^:]*)(?::\S+:\d+:)?/, (_, reason: string) => {
    const meaning = reason === 'wrong version number' ? '; the server does not seem to speak TLS' : '';
    return `TLS: ${reason}${meaning}`;
  });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
