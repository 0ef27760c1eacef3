import picocolors from 'picocolors';
import { isTerminal } from './output.ts';

/** Colours in a terminal; in a pipe none, whatever the environment says of one. */
export const colors = picocolors.createColors(picocolors.isColorSupported && isTerminal());
