/** What commands fail with that were under way. */
export const CLOSED = 'The client was closed';

/** What ends a connection that is being opened when another one is to show whether the server hangs. */
export const SUPERSEDED = 'The connection was given up for another one';

/** What a timeout says, of commands that are not sent. */
export const UNSENT = 'The command had not left, and 0 commands were before it.';
