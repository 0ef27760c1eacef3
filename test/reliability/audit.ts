import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Counters } from './ledger/counters.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Watch } from './watch.ts';

const KEYS_AT_ONCE = 100;
const PATIENCE = 5000;

export interface AuditTarget {
  ports: readonly number[];
  ca?: string | undefined;
}

/**
 * Reads the counters and the lists from the servers themselves, not through the client: what one command did at two
 * servers, or twice at one, is in no response that the client got.
 */
export async function audit(ledger: Ledger, watch: Watch, target: AuditTarget): Promise<void> {
  const servers = await Promise.all(target.ports.map((port) => open(port, target.ca)));
  try {
    await auditCounters(servers, ledger.up, watch);
    await auditCounters(servers, ledger.down, watch);
    await auditLists(servers, ledger, watch);
  } finally {
    for (const server of servers) server.destroy();
  }
}

async function auditCounters(servers: readonly Socket[], counters: Counters, watch: Watch): Promise<void> {
  const stored = await Promise.all(servers.map((server) => readAll(server, [...counters.keys, ...counters.full])));
  for (const key of new Set(stored.flatMap((values) => [...values.keys()]))) {
    const values = stored.map((each) => each.get(key)).filter((value) => value !== undefined);
    const verdict = counters.audit(values.map(Number));
    if (verdict === 'right') continue;
    const digits = values.map((value) => counters.applied(Number(value)).toString(4));
    watch.found(verdict, `the servers have ${digits.join(' and ')} applied to ${key}`);
  }
}

async function auditLists(servers: readonly Socket[], { lists }: Ledger, watch: Watch): Promise<void> {
  const stored = await Promise.all(servers.map((server) => readAll(server, lists.keys)));
  for (const [index, key] of lists.keys.entries()) {
    const values = stored.map((each) => each.get(key)).filter((value) => value !== undefined);
    for (const value of values) {
      const verdict = lists.check(index, value);
      if (verdict !== 'right') watch.found(verdict, `a server has ${value} under ${key}`);
    }
    const pieces = values.flatMap((value) => value.match(/<[^>]*>/g) ?? []);
    if (new Set(pieces).size < pieces.length) watch.found('twice', `two servers have a piece of ${key}: ${values}`);
  }
}

async function open(port: number, ca: string | undefined): Promise<Socket> {
  const socket = ca === undefined ? connect(port, '127.0.0.1') : connectTls({ host: '127.0.0.1', port, ca });
  await once(socket, ca === undefined ? 'connect' : 'secureConnect');
  return socket;
}

/** The values that a server has, by the classic protocol. */
async function readAll(server: Socket, keys: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    server.write(`get ${keys.slice(at, at + KEYS_AT_ONCE).join(' ')}\r\n`);
    for (const [, key, value] of (await untilEnd(server)).matchAll(/VALUE (\S+) \d+ \d+\r\n(.*)\r\n/g)) {
      if (key !== undefined && value !== undefined) found.set(key, value);
    }
  }
  return found;
}

function untilEnd(server: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => finish(new Error('The audit was not answered')), PATIENCE);
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (text.endsWith('END\r\n')) finish();
    };
    const onClose = (): void => finish(new Error('The audit was cut off'));
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      server.off('data', onData).off('close', onClose);
      if (error === undefined) resolve(text);
      else reject(error);
    };
    server.on('data', onData).on('close', onClose);
  });
}
