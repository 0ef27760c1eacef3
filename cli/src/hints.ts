import type { MemcacheError } from 'memts';

/** The option that may help against an error, in words behind it; the program has seen which ones were given. */
export function hintAt({ code, message }: Pick<MemcacheError, 'code' | 'message'>): string {
  const tls = tlsHint(message);
  if (tls !== '') return tls;
  const options = optionsFor(code, message);
  if (options.length === 0) return '';
  return /^--(tls|user)$/.test(options[0] ?? '')
    ? `; does it want ${options.join(' or ')}?`
    : `; ${options.join(', ')}`;
}

/** What a certificate that is not trusted needs. */
export function tlsHint(message: string): string {
  if (/altnames|does not match certificate/i.test(message)) {
    return hasOption('--tls-servername') ? '' : '; --tls-servername says which name the certificate has';
  }
  if (/self.signed certificate|unable to (verify|get)|unable to get (local )?issuer/i.test(message)) {
    return hasOption('--tls-ca') ? '' : '; --tls-ca FILE says whose certificates to trust';
  }
  return '';
}

function optionsFor(code: string, message: string): string[] {
  switch (code) {
    case 'ERR_AUTH':
      return hasLogin() ? [] : ['--user and --password-file log in'];
    case 'ERR_PROTOCOL':
      return foreign();
    case 'ERR_TIMEOUT':
      return hasOption('--timeout') ? [] : ['--timeout SECONDS waits longer'];
    case 'ERR_UNSUPPORTED':
      return /meta protocol/.test(message) && hasOption('--protocol') ? ['--protocol meta, or none'] : [];
    case 'ERR_CONNECT':
      if (/closed/.test(message)) return foreign();
      return /ECONNREFUSED|ENOTFOUND/.test(message) && !hasServers()
        ? ['--servers or --discover says where the servers are']
        : [];
    default:
      return [];
  }
}

/** For a server that does not understand, or hangs up. */
function foreign(): string[] {
  return [hasTls() ? [] : ['--tls'], hasLogin() ? [] : ['--user']].flat();
}

function hasOption(name: string): boolean {
  return process.argv.some((word) => word === name || word.startsWith(`${name}=`));
}

function hasLogin(): boolean {
  return hasOption('--user') || Boolean(process.env.MEMCACHIER_USERNAME || process.env.MEMCACHE_USERNAME);
}

function hasTls(): boolean {
  return process.argv.some((word) => word.startsWith('--tls') || /memcacheds:/.test(word));
}

function hasServers(): boolean {
  const { MEMCACHIER_SERVERS, MEMCACHE_SERVERS } = process.env;
  return hasOption('--servers') || hasOption('--discover') || Boolean(MEMCACHIER_SERVERS || MEMCACHE_SERVERS);
}
