import net from 'node:net';

/** Whether a text is an IPv6 address, without brackets. */
export function isIPv6(text: string): boolean {
  return net.isIPv6(text);
}

/** A NUL would end a name early for the system, which would then look for another one; a line end could forge a log line. */
export function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  }
  return false;
}

/**
 * A host as connections take it: its name or address, IPv6 without the brackets that `URL.hostname` has around it.
 * Undefined for what can be neither, such as a host with its port.
 */
export function hostOf(text: string): string | undefined {
  const bare = /^\[(.*)\]$/s.exec(text)?.[1];
  const host = bare ?? text;
  if (bare !== undefined || host.includes(':')) return isIPv6(host) ? host : undefined;
  return host === '' || /[\s/?#@[\]]/.test(host) || hasControls(host) ? undefined : host;
}
