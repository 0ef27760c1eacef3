/** What follows the line of an envelope: a value, null, or the index of a value that is stored in parts. */
export const VALUE = '0';
export const NULL = '1';
export const INDEX = '2';
export type Kind = typeof VALUE | typeof NULL | typeof INDEX;
