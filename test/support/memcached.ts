import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './leftovers.ts';
import { proxyConfig } from './memcached-proxy.ts';
import type { VersionName } from './memcacheds.ts';
import { freePort } from './ports.ts';
import { requireProgram } from './programs.ts';
import { type ServerCommand, ServerProcess } from './server-process.ts';
import { programOf, SUBJECT } from './subject.ts';

const ATTEMPTS = 3;

export interface Credentials {
  /** Without `:` and `@`, which mean something in the files of the server. */
  username: string;
  password: string;
}

/** Paths of PEM files. */
export interface MemcachedTls {
  cert: string;
  key: string;
  ca?: string | undefined;
  /** Whether clients need a certificate that `ca` signed. */
  verify?: boolean | undefined;
}

export interface MemcachedOptions {
  /** One of those that `npm run servers` unpacks. @default the machine's own, or the environment's MEMCACHED */
  version?: VersionName | undefined;
  /** More arguments, after memts's, as `['-I', '16m']`. */
  args?: readonly string[] | undefined;
  /** Binary protocol only, with SASL PLAIN. */
  sasl?: readonly Credentials[] | undefined;
  /** Text protocols only, with a login by `set`. */
  auth?: readonly Credentials[] | undefined;
  /** A unix socket instead of a port. */
  unix?: boolean | undefined;
  tls?: MemcachedTls | undefined;
  /** @default a free one */
  port?: number | undefined;
}

export type Memcached = ServerProcess;

/**
 * One thread, and none in the background: such a thread holds items now and then, and memcached changes a counter in place
 * only if nobody holds it. Two servers that are compared are started so.
 */
export const WITHOUT_BACKGROUND_THREADS = ['-t', '1', '-o', 'no_lru_crawler,no_lru_maintainer,no_hashexpand'];

/**
 * Starts memcached on 127.0.0.1, or at a unix socket; ready when this resolves. Without a version it is the server that
 * the suites run against: the machine's own, or what the environment's MEMCACHED or MEMTS_SUBJECT names.
 */
export async function startMemcached(options: MemcachedOptions = {}): Promise<Memcached> {
  if (options.version !== undefined) return start(options);
  const { version, args, proxied } = SUBJECT;
  if (!proxied) return start({ ...options, version, args: [...args, ...(options.args ?? [])] });
  const backends = await Promise.all([start({ version }), start({ version })]);
  return startMemcachedProxy({ ...options, backends });
}

export interface MemcachedProxyOptions extends MemcachedOptions {
  /** The servers behind it; they are stopped with it. */
  backends: readonly Memcached[];
}

/** Starts the proxy that is built into memcached 1.6.45, in front of those servers; ready when this resolves. */
export async function startMemcachedProxy({ backends, ...options }: MemcachedProxyOptions): Promise<Memcached> {
  const config = join(makeFolder(), 'proxy.lua');
  writeFileSync(config, proxyConfig(backends));
  const args = ['-o', `proxy_config=${config}`, ...(options.args ?? [])];
  return start({ version: '1.6.45', ...options, args }, backends);
}

async function start(options: MemcachedOptions, behind: readonly Memcached[] = []): Promise<Memcached> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ServerProcess.start({ ...(await memcachedCommand(options)), behind });
    } catch (error) {
      // Another process may have taken the port since we looked.
      const portTaken = /address already in use/i.test(String(error)) && options.port === undefined;
      if (!portTaken || attempt === ATTEMPTS) throw error;
    }
  }
}

async function memcachedCommand(options: MemcachedOptions): Promise<ServerCommand> {
  const program = programOf(options.version);
  const folder = makeFolder();
  const port = options.unix ? 0 : (options.port ?? (await freePort()));
  const path = options.unix ? join(folder, 'memcached.sock') : undefined;
  const args = path ? ['-s', path] : ['-l', '127.0.0.1', '-p', String(port), '-U', '0'];
  const readyFile = path ? undefined : join(folder, 'ports');
  const env: Record<string, string> = readyFile ? { MEMCACHED_PORT_FILENAME: readyFile } : {};
  // As root memcached refuses to run unless -u names a user.
  if (process.getuid?.() === 0) args.push('-u', 'root');
  if (options.sasl) {
    args.push('-S');
    env.SASL_CONF_PATH = writeSaslFiles(folder, options.sasl);
  }
  if (options.auth) args.push('-Y', writeAuthFile(folder, options.auth));
  if (options.tls) args.push('-Z', '-o', tlsSettings(options.tls));
  args.push(...(options.args ?? []));
  return { program, args, env, folder, host: path ? '' : '127.0.0.1', port, path, readyFile };
}

function writeSaslFiles(folder: string, users: readonly Credentials[]): string {
  const saslpasswd = requireProgram('saslpasswd2');
  const saslFolder = join(folder, 'sasl');
  const database = join(saslFolder, 'sasldb2');
  mkdirSync(saslFolder);
  writeFileSync(join(saslFolder, 'memcached.conf'), `mech_list: plain\nsasldb_path: ${database}\n`);
  for (const { username, password } of users) {
    // The server looks a user up under the name of the machine.
    const args = ['-a', 'memcached', '-c', '-p', '-f', database, '-u', hostname(), username];
    execFileSync(saslpasswd, args, { input: password, stdio: ['pipe', 'ignore', 'pipe'] });
  }
  return saslFolder;
}

function writeAuthFile(folder: string, users: readonly Credentials[]): string {
  const file = join(folder, 'users');
  writeFileSync(file, users.map(({ username, password }) => `${username}:${password}\n`).join(''), { mode: 0o600 });
  return file;
}

function tlsSettings({ cert, key, ca, verify }: MemcachedTls): string {
  const settings = [`ssl_chain_cert=${cert}`, `ssl_key=${key}`];
  if (verify) settings.push('ssl_verify_mode=2');
  if (ca) settings.push(`ssl_ca_cert=${ca}`);
  return settings.join(',');
}
