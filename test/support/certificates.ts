import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateExtension, generate } from 'selfsigned';
import { makeFolder } from './leftovers.ts';

/** Paths of PEM files, and what is in them. */
export interface Certificate {
  cert: string;
  key: string;
  certPem: string;
  keyPem: string;
}

export interface Certificates {
  /** Signed all the others. */
  ca: Certificate;
  /** For `localhost`, `127.0.0.1` and `::1`. */
  server: Certificate;
  /** The same names, but its time is over. */
  expired: Certificate;
  /** For `other.example` only. */
  otherName: Certificate;
  client: Certificate;
}

let made: Promise<Certificates> | undefined;

/** Made at the first call, and the same from then on. */
export function certificates(): Promise<Certificates> {
  made ??= makeCertificates();
  return made;
}

const CA = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
] as const;

const LOCALHOST = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
] as const;

async function makeCertificates(): Promise<Certificates> {
  const folder = makeFolder();
  const ca = await issue(folder, { name: 'test CA', extensions: [...CA] });
  const sign = (wish: Wish): Promise<Certificate> => issue(folder, { ca, ...wish });
  const [server, expired, otherName, client] = await Promise.all([
    sign({ name: 'server', extensions: serverWith(...LOCALHOST) }),
    sign({ name: 'expired', extensions: serverWith(...LOCALHOST), until: '2021-01-01' }),
    sign({ name: 'other-name', extensions: serverWith({ type: 2, value: 'other.example' }) }),
    sign({ name: 'client', extensions: [NO_CA, { name: 'extKeyUsage', clientAuth: true }] }),
  ]);
  return { ca, server, expired, otherName, client };
}

const NO_CA: CertificateExtension = { name: 'basicConstraints', cA: false };

type Name = Extract<CertificateExtension, { name: 'subjectAltName' }>['altNames'][number];

function serverWith(...altNames: Name[]): CertificateExtension[] {
  return [NO_CA, { name: 'extKeyUsage', serverAuth: true }, { name: 'subjectAltName', altNames }];
}

interface Wish {
  name: string;
  extensions: CertificateExtension[];
  until?: string;
  /** Who signs it. @default itself */
  ca?: Certificate;
}

async function issue(folder: string, { name, extensions, until = '2049-12-31', ca }: Wish): Promise<Certificate> {
  const pems = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date('2020-01-01'),
    notAfterDate: new Date(until),
    extensions,
    ...(ca === undefined ? {} : { ca: { key: ca.keyPem, cert: ca.certPem } }),
  });
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  writeFileSync(cert, pems.cert);
  writeFileSync(key, pems.private);
  return { cert, key, certPem: pems.cert, keyPem: pems.private };
}
