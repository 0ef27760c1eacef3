import { isSpan, SPAN } from '../../clock.ts';
import { checkObject, invalid } from '../../errors.ts';

/** The options of a source of servers; throws `ERR_INVALID_ARGUMENT` for what is no object. */
export function given<T extends object>(options: T, source: string): Partial<T> {
  checkObject(`options of ${source}`, options);
  return options;
}

/** Throws `ERR_INVALID_ARGUMENT` for a time that no timer can have; `name` is what it is called there. */
export function checkSeconds(seconds: unknown, name: string): void {
  if (!isSpan(seconds)) throw invalid(name, SPAN, seconds);
}
