import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from './leftovers.ts';
import { requireProgram } from './programs.ts';

const run = promisify(execFile);

/** Paths of PEM files. */
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

/** Made with openssl at the first call, and the same from then on. */
export function certificates(): Promise<Certificates> {
  made ??= makeCertificates();
  return made;
}

async function makeCertificates(): Promise<Certificates> {
  const folder = makeFolder();
  const config = join(folder, 'openssl.cnf');
  writeFileSync(config, CONFIG);
  const ca = await makeCa(folder, config);
  const [server, expired, otherName, client] = await Promise.all([
    sign(folder, config, { name: 'server', extensions: 'server' }),
    sign(folder, config, { name: 'expired', extensions: 'server', from: '20200101000000Z', until: '20210101000000Z' }),
    sign(folder, config, { name: 'other-name', extensions: 'other_name' }),
    sign(folder, config, { name: 'client', extensions: 'client' }),
  ]);
  return { ca, server, expired, otherName, client };
}

async function makeCa(folder: string, config: string): Promise<Certificate> {
  const [cert, key] = paths(folder, 'ca');
  const out = ['-keyout', key, '-out', cert];
  await openssl('req', '-config', config, '-x509', '-days', '3650', ...NEW_KEY, '-subj', '/CN=test CA', ...out);
  return read(cert, key);
}

interface Wish {
  name: string;
  /** A section of the configuration. */
  extensions: string;
  from?: string;
  until?: string;
}

async function sign(folder: string, config: string, wish: Wish): Promise<Certificate> {
  const [cert, key] = paths(folder, wish.name);
  // `openssl ca` is the one command that sets a start and an end in the past in all versions. It keeps its records in
  // the folder that it runs in, so each certificate has one.
  const own = join(folder, wish.name);
  mkdirSync(own);
  writeFileSync(join(own, 'index.txt'), '');
  writeFileSync(join(own, 'serial'), `01${randomBytes(8).toString('hex')}\n`);
  const request = join(own, 'request.pem');
  await openssl(
    'req',
    '-config',
    config,
    '-new',
    ...NEW_KEY,
    '-subj',
    `/CN=${wish.name}`,
    '-keyout',
    key,
    '-out',
    request,
  );
  const [caCert, caKey] = paths(folder, 'ca');
  const signer = ['-cert', caCert, '-keyfile', caKey, '-notext', '-outdir', own];
  const dates = ['-startdate', wish.from ?? '20200101000000Z', '-enddate', wish.until ?? '20491231000000Z'];
  const files = ['-in', request, '-out', cert];
  await run(
    requireProgram('openssl'),
    ['ca', '-batch', '-config', config, '-extensions', wish.extensions, ...signer, ...dates, ...files],
    { cwd: own },
  );
  return read(cert, key);
}

function openssl(...args: string[]): Promise<unknown> {
  return run(requireProgram('openssl'), args);
}

function paths(folder: string, name: string): [cert: string, key: string] {
  return [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
}

function read(cert: string, key: string): Certificate {
  return { cert, key, certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256'];

const CONFIG = `
[req]
distinguished_name = name
x509_extensions = ca_extensions
[name]
[ca]
default_ca = signer
[signer]
database = index.txt
serial = serial
default_md = sha256
policy = any_name
unique_subject = no
[any_name]
commonName = supplied
[ca_extensions]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
[other_name]
basicConstraints = CA:false
extendedKeyUsage = serverAuth
subjectAltName = DNS:other.example
[client]
basicConstraints = CA:false
extendedKeyUsage = clientAuth
`;
