import { invalid } from '../errors.ts';

/** Throws `ERR_INVALID_ARGUMENT` for the first option that is no such number. */
export function checkNumbers(
  numbers: Readonly<Record<string, unknown>>,
  isSuch: (value: unknown) => boolean,
  expected: string,
): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!isSuch(value)) throw invalid(`option ${name}`, expected, value);
  }
}
