import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Certificate, Certificates } from '../../test/support/certificates.ts';
import type { Address, Target } from './clients/adapter.ts';
import type { Row } from './row.ts';

// Every row has fresh servers of its own on free ports.

const HOST = '127.0.0.1';
const START_MS = 5000;
const running = new Set<ChildProcess>();
const run = promisify(execFile);

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Servers {
  readonly target: Target;
  /** CPU time of all their threads until now, in microseconds; `undefined` where the system does not tell. */
  cpu(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** What a server program calls itself, or `undefined` where it is not installed. */
export async function versionOf(program: 'memcached' | 'redis-server'): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, [program === 'memcached' ? '-V' : '--version']);
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

export async function startMemcached(row: Row, certificates: Certificates | undefined): Promise<Servers> {
  const shared = row.servers > 1 ? ['-t', '1', '-m', '64'] : ['-m', '4096'];
  const tls = certificates === undefined ? [] : ['-Z', '-o', tlsOptions(certificates.server)];
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  const args = ['-l', HOST, '-U', '0', '-I', '4m', '-c', '4096', ...user, ...shared, ...tls];
  return start('memcached', row.servers, (port) => [...args, '-p', String(port)], certificates?.ca.certPem);
}

export async function startRedis(): Promise<Servers> {
  return start('redis-server', 1, (port) => [
    '--bind',
    HOST,
    '--port',
    String(port),
    '--save',
    '',
    '--appendonly',
    'no',
  ]);
}

function tlsOptions({ cert, key }: Certificate): string {
  return `ssl_chain_cert=${cert},ssl_key=${key}`;
}

async function start(program: string, count: number, args: (port: number) => string[], ca?: string): Promise<Servers> {
  const ports = await freePorts(count);
  const children = ports.map((port) => spawn(program, args(port), { stdio: ['ignore', 'ignore', 'pipe'] }));
  for (const child of children) running.add(child);
  const stop = async () => {
    await Promise.all(children.map(kill));
  };
  try {
    await Promise.all(children.map((child, i) => listening(program, child, ports[i] as number)));
  } catch (error) {
    await stop();
    throw error;
  }
  const cpu = async () => {
    const times = await Promise.all(children.map(({ pid }) => cpuOf(pid)));
    return times.reduce((sum, time) => (sum === undefined || time === undefined ? undefined : sum + time), 0);
  };
  return { target: { servers: ports.map((port) => ({ host: HOST, port })), ca }, cpu, stop };
}

/** CPU time of a process, as Linux tells it of each thread, in microseconds. */
async function cpuOf(pid: number | undefined): Promise<number | undefined> {
  const folder = `/proc/${pid}/task`;
  try {
    const threads = await readdir(folder);
    const texts = await Promise.all(threads.map((thread) => readFile(join(folder, thread, 'schedstat'), 'utf8')));
    return texts.reduce((sum, text) => sum + Number(text.split(' ', 1)[0]) / 1000, 0);
  } catch {
    return undefined;
  }
}

/** Ports that nobody listens on; all are held at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => net.createServer().listen(0, HOST));
  await Promise.all(holders.map((holder) => once(holder, 'listening')));
  const ports = holders.map((holder) => (holder.address() as net.AddressInfo).port);
  await Promise.all(holders.map((holder) => once(holder.close(), 'close')));
  return ports;
}

async function listening(program: string, child: ChildProcess, port: number): Promise<void> {
  let complaint = '';
  let failure: Error | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.on('error', (error) => {
    failure = error;
  });
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${complaint.trim()}`);
    if (await accepts(port)) return;
    await sleep(20);
  }
  throw new Error(`${program} does not listen on port ${port}: ${complaint.trim()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: HOST, port });
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.on('connect', () => answer(true));
    socket.on('error', () => answer(false));
  });
}

/** How many connections a memcached has accepted since it started. */
export async function acceptedConnections({ host, port }: Address): Promise<number> {
  const socket = net.connect({ host, port });
  let text = '';
  socket.write('stats\r\n');
  for await (const chunk of socket) {
    text += chunk;
    if (text.endsWith('END\r\n')) break;
  }
  return Number(/STAT total_connections (\d+)/.exec(text)?.[1]);
}

async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
