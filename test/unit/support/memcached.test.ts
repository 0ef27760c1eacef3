import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificates } from '../../support/certificates.ts';
import { type Memcached, startMemcached } from '../../support/memcached.ts';
import { isFree } from '../../support/ports.ts';
import { RawClient } from '../../support/raw-client.ts';

const PASSWORD = 'a:b@c';
const USER = { username: 'bob', password: PASSWORD };

describe('startMemcached', () => {
  it('starts a server that answers, and leaves nothing behind', async () => {
    const server = await startMemcached();
    const { pid, port } = server;
    expect(server.address).toBe(`127.0.0.1:${port}`);
    using client = await RawClient.connect(server);
    client.send('mn\r\nversion\r\n');
    expect(await client.receiveLine()).toBe('MN');
    expect(await client.receiveLine()).toMatch(/^VERSION \d/);
    await server.stop();
    expect(server.running).toBe(false);
    expect(isAlive(pid)).toBe(false);
    expect(await isFree(port)).toBe(true);
  });

  it('passes arguments on', async () => {
    await using server = await startMemcached({ args: ['-I', '16m', '-B', 'ascii'] });
    using client = await RawClient.connect(server);
    client.send('stats settings\r\n');
    await client.receiveLine();
    await client.receiveLine();
    await expect.poll(() => client.received.toString()).toMatch(/STAT item_size_max 16777216\r\n/);
  });

  it('says what the server said when it does not start', async () => {
    await expect(startMemcached({ args: ['--nonsense'] })).rejects.toThrow(/unrecognized option/);
    await using first = await startMemcached();
    await expect(startMemcached({ port: first.port })).rejects.toThrow(/already in use/);
  });

  it('is paused, resumed, killed and restarted at the same port', async () => {
    await using server = await startMemcached();
    using client = await RawClient.connect(server);
    server.pause();
    client.send('mn\r\n');
    await expect(client.receiveLine(100)).rejects.toThrow();
    server.resume();
    expect(await client.receiveLine()).toBe('MN');
    client.send('set a 0 0 1\r\n1\r\n');
    expect(await client.receiveLine()).toBe('STORED');

    const { pid } = server;
    await server.kill();
    await client.untilClosed();
    await expect(RawClient.connect(server)).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    expect(server.pid).not.toBe(pid);
    using again = await RawClient.connect(server);
    again.send('mg a v\r\n');
    expect(await again.receiveLine()).toBe('EN');
  });

  it('stops when it is paused', async () => {
    const server = await startMemcached();
    server.pause();
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('listens at a unix socket', async () => {
    const server = await startMemcached({ unix: true });
    const path = server.path ?? '';
    expect(server.address).toBe(path);
    using client = await RawClient.connect({ path });
    client.send('mn\r\n');
    expect(await client.receiveLine()).toBe('MN');
    await server.restart();
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('asks for a password by SASL', async () => {
    await using server = await startMemcached({ sasl: [USER, { username: 'eve', password: 'x' }] });
    // The server closes the connection after a command that needs a login.
    using stranger = await RawClient.connect(server);
    stranger.send(binaryFrame(0x20, '', ''));
    expect(await receiveFrame(stranger)).toEqual({ status: 0, body: 'PLAIN' });
    stranger.send(binaryFrame(0x0a, '', ''));
    expect((await receiveFrame(stranger)).status).toBe(0x20);
    using liar = await RawClient.connect(server);
    liar.send(binaryFrame(0x21, 'PLAIN', '\0bob\0wrong'));
    expect((await receiveFrame(liar)).status).toBe(0x20);
    using bob = await RawClient.connect(server);
    bob.send(binaryFrame(0x21, 'PLAIN', `\0bob\0${PASSWORD}`));
    expect((await receiveFrame(bob)).status).toBe(0);
    bob.send(binaryFrame(0x0a, '', ''));
    expect((await receiveFrame(bob)).status).toBe(0);
  });

  it('asks for a password by text', async () => {
    await using server = await startMemcached({ auth: [{ username: 'eve', password: 'x' }, USER] });
    expect(await textLogin(server, 'bob wrong')).toMatch(/^CLIENT_ERROR/);
    expect(await textLogin(server, `bob ${PASSWORD}`)).toBe('STORED');
    using client = await RawClient.connect(server);
    client.send('mn\r\n');
    expect(await client.receiveLine()).toMatch(/^CLIENT_ERROR/);
  });

  it('speaks TLS, with any of the certificates', async () => {
    const { ca, server: good, expired, otherName } = await certificates();
    const tls = { ca: ca.certPem, host: '127.0.0.1' };
    await using server = await startMemcached({ tls: good });
    using client = await RawClient.connectTls({ ...tls, port: server.port });
    client.send('mn\r\n');
    expect(await client.receiveLine()).toBe('MN');
    using byName = await RawClient.connectTls({ ...tls, port: server.port, servername: 'localhost' });
    byName.send('mn\r\n');
    expect(await byName.receiveLine()).toBe('MN');
    await expect(RawClient.connectTls({ port: server.port, host: '127.0.0.1' })).rejects.toThrow(
      /unable to|self.signed/,
    );

    await using late = await startMemcached({ tls: expired });
    await expect(RawClient.connectTls({ ...tls, port: late.port })).rejects.toThrow(/expired/);
    await using other = await startMemcached({ tls: otherName });
    await expect(RawClient.connectTls({ ...tls, port: other.port })).rejects.toThrow(/does not match|altnames/);
  });

  it('asks for the client certificate', async () => {
    const { ca, server: good, client: own } = await certificates();
    await using server = await startMemcached({ tls: { ...good, ca: ca.cert, verify: true } });
    const tls = { ca: ca.certPem, host: '127.0.0.1', port: server.port };
    using client = await RawClient.connectTls({ ...tls, cert: own.certPem, key: own.keyPem });
    client.send('mn\r\n');
    expect(await client.receiveLine()).toBe('MN');
    // In TLS 1.3 a client learns only after its handshake that its certificate was missed.
    using stranger = await RawClient.connectTls(tls);
    await stranger.untilClosed();
  });
});

async function textLogin(server: Memcached, login: string): Promise<string> {
  using client = await RawClient.connect(server);
  client.send(`set auth 0 0 ${login.length}\r\n${login}\r\n`);
  return await client.receiveLine();
}

function binaryFrame(opcode: number, key: string, value: string): Buffer {
  const header = Buffer.alloc(24);
  header[0] = 0x80;
  header[1] = opcode;
  header.writeUInt16BE(key.length, 2);
  header.writeUInt32BE(key.length + value.length, 8);
  return Buffer.concat([header, Buffer.from(key + value)]);
}

async function receiveFrame(client: RawClient): Promise<{ status: number; body: string }> {
  const header = await client.receive(24);
  const body = await client.receive(header.readUInt32BE(8));
  return { status: header.readUInt16BE(6), body: body.toString() };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
