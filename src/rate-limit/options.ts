import { checkFunction, invalid, isInteger } from '../errors.ts';
import type { DownOptions } from './when-down.ts';

/** A second more is the longest time that a server takes as one from now. */
export const LONGEST_PER = 2_591_999;

export function checkInteger(argument: string, value: unknown, most: number): number {
  if (isInteger(value, 1, most)) return value;
  throw invalid(argument, `an integer from 1 to ${most.toLocaleString('en-US')}`, value);
}

export function checkChoice(argument: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  throw invalid(argument, choices.map((choice) => `'${choice}'`).join(' or '), value);
}

export function checkDownOptions({ whenDown, onDown }: DownOptions): void {
  if (whenDown !== undefined) checkChoice('option whenDown', whenDown, ['allow', 'deny', 'local']);
  if (onDown !== undefined) checkFunction('option onDown', onDown);
}

/** Whole seconds of a host's window in milliseconds; throws `ERR_INVALID_ARGUMENT`. */
export function toSeconds(argument: string, milliseconds: unknown): number {
  const seconds = typeof milliseconds === 'number' ? Math.ceil(milliseconds / 1000) : Number.NaN;
  if (seconds >= 1 && seconds <= LONGEST_PER) return seconds;
  throw invalid(
    argument,
    `a number of milliseconds above 0, up to ${(LONGEST_PER * 1000).toLocaleString('en-US')}`,
    milliseconds,
  );
}
