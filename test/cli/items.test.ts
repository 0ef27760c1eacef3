import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { certificates } from '../support/certificates.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { CAN } from '../support/subject.ts';
import { jsonLines, memts, PATIENCE, program } from './support/memts.ts';

let server: Memcached;
let client: Client;
const folder = makeFolder();

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
  client = Client.create(server.address, { timeout: 20 });
});
afterAll(async () => {
  client.close();
  await server.stop();
});

function run(line: string, input?: string | Buffer) {
  return memts(line.split(' '), { servers: server.address, ...(input === undefined ? {} : { input }) });
}

async function stored(key: string): Promise<string | undefined> {
  return (await client.get(key)).value?.toString();
}

describe.concurrent('items', { timeout: PATIENCE }, () => {
  it('stores values from arguments, files and standard input, and prints them byte by byte', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const file = join(folder, 'value');
    writeFileSync(file, bytes);
    const silence = { code: 0, stdout: '', stderr: '' };
    expect(await run('set in:argument hello --flags 7 --expires 10m')).toMatchObject(silence);
    expect(await run(`set in:file --file ${file}`)).toMatchObject(silence);
    expect(await run('add in:input -', bytes)).toMatchObject(silence);
    expect((await client.get('in:input')).value).toEqual(bytes);
    expect(await run('get in:file')).toMatchObject({ code: 0, bytes });
    const all = await run('get in:argument in:file in:nothing --json');
    expect(all.code).toBe(1);
    expect(jsonLines(all.stdout)).toEqual([
      { key: 'in:argument', value: 'hello', flags: 7 },
      { key: 'in:file', base64: bytes.toString('base64'), flags: 0 },
      { key: 'in:nothing', value: null },
    ]);
  });

  it.skipIf(!CAN.lists)('stores with an expiration', async () => {
    await run('set soon hello --expires 10m');
    const [{ ttl }] = jsonLines((await run('keys --prefix soon --json')).stdout) as [{ ttl: number }];
    expect(ttl).toBeLessThanOrEqual(600);
    expect(ttl).toBeGreaterThan(480);
  });

  it('tells what the server said without the names of commands that programs know it by', async () => {
    await client.set('a:text', 'text');
    expect(await run('set too:large -', Buffer.alloc(2 ** 21))).toMatchObject({
      code: 3,
      stderr: `memts: ${server.address}: Value too large (ERR_VALUE_TOO_LARGE)\n`,
    });
    expect((await run('incr a:text')).stderr).toBe(
      `memts: ${server.address}: Incr/Decr on non-numeric value (ERR_NOT_NUMERIC)\n`,
    );
  });

  it('ends with 1 for a miss and for what was not stored', async () => {
    await client.set('there', 'value');
    expect(await run('replace no:such value')).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(await run('add there other --json')).toMatchObject({ code: 1, stdout: '{"key":"there","stored":false}\n' });
    expect(await run('append there -', ', more')).toMatchObject({ code: 0 });
    expect(await run('prepend there more,')).toMatchObject({ code: 0 });
    expect(await run('get there no:such')).toMatchObject({ code: 1, stdout: 'there: more,value, more\n', stderr: '' });
    expect(await run('touch there 1h')).toMatchObject({ code: 0 });
    expect(await run('delete there no:such')).toMatchObject({ code: 1 });
    expect(await stored('there')).toBe(undefined);
  });

  it.skipIf(!CAN.lists)('takes a time for one from now on, over 30 days too', async () => {
    await run('set quarter value --expires 90d');
    await run('set month value');
    expect(await run('touch month 31d')).toMatchObject({ code: 0 });
    // A number of that size would be a date of 1970 to the server.
    await run('set second value --expires 2592001');
    const lives = { quarter: 90 * 86_400, month: 31 * 86_400, second: 2_592_001 };
    for (const [key, seconds] of Object.entries(lives)) {
      const [{ ttl }] = jsonLines((await run(`keys --prefix ${key} --json`)).stdout) as [{ ttl: number }];
      expect(Math.abs(ttl - seconds)).toBeLessThan(60);
    }
    expect(await run('set key value --expires 50000d')).toMatchObject({ code: 2 });
    // And for the filters it is never a date.
    expect(await run('keys --prefix month --expires-within 40d')).toMatchObject({ stdout: 'month\n' });
  });

  it('prints several values byte by byte too, and their keys', async () => {
    await run('set bytes:1 -', Buffer.from([255, 0, 10]));
    await run('set bytes:2 -', '');
    const { bytes } = await run('get bytes:1 bytes:2');
    expect(bytes.toString('latin1')).toBe('bytes:1: \xff\0\n\nbytes:2: \n');
  });

  it('counts with all 64 bits', async () => {
    expect(await run('incr visits')).toMatchObject({ code: 1, stdout: '' });
    await run('incr visits --initial 18446744073709551614');
    expect(await run('incr visits 1 --json')).toMatchObject({
      stdout: '{"key":"visits","value":"18446744073709551615"}\n',
    });
    expect(await run('decr visits 5')).toMatchObject({ code: 0, stdout: '18446744073709551610\n' });
  });

  it.skipIf(CAN.cas)('says that a server has CAS switched off', async () => {
    await client.set('cas', 'one');
    expect(await run('get cas --cas')).toMatchObject({ code: 3, stderr: expect.stringMatching(/CAS switched off/) });
  });

  it.skipIf(!CAN.cas)('stores under a CAS that it is given', async () => {
    await client.set('cas', 'one');
    const { cas } = JSON.parse((await run('get cas --cas --json')).stdout);
    expect(await run(`set cas two --cas ${cas}`)).toMatchObject({ code: 0 });
    expect(await run(`set cas three --cas ${cas}`)).toMatchObject({ code: 1 });
    expect(await stored('cas')).toBe('two');
  });

  it.each([
    ['got key', /unknown command/],
    ['set key value --expires soon', /Expected seconds/],
    ['incr key -- -1', /Expected a whole number/],
    [`get ${'k'.repeat(300)}`, /300 bytes/],
    ['set key value --file x', /only one of them/],
    ['get key --user bob', /--user needs a password/],
    ['get key --servers bob:s3cret@', /^memts: Invalid servers: entry 1/],
    ['flush', /--yes/],
    ['incr n --expires 5', /--initial/],
    ['keys --null --long', /--null/],
    // An entry that is empty does not stand for the environment's servers.
    ['keys --servers 127.0.0.1:1,,127.0.0.1:1', /^memts: Invalid servers: entry 2/],
    ['ping --servers ,', /^memts: Invalid servers: entry 1/],
    [`get key --tls-ca ${import.meta.filename}`, /--tls-ca: no certificate/],
    [`get key --tls-cert ${import.meta.filename}`, /need each other/],
    [`get key --tls-cert ${import.meta.filename} --tls-key ${import.meta.filename}`, /no certificate with its key/],
    // A server that was to be guarded is not to be open to everybody.
    ['serve --port 0 --tls', /needs --tls-cert/],
    [`serve --port 0 --password-file ${import.meta.filename}`, /needs a user name/],
  ])('memts %s: a usage error in one line', async (line, message) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^memts: [^\n]*\n(\(Did you mean[^\n]*\n)?$/);
    expect(stderr).not.toContain('s3cret');
  });

  it('ends with 3 where a server fails', async () => {
    const down = await memts(['get', 'key', '--servers', 'bob:s3cret@127.0.0.1:1']);
    expect(down).toMatchObject({ code: 3, stdout: '' });
    expect(down.stderr).toMatch(/^memts: [^\n]*ECONNREFUSED[^\n]*\n$/);
    expect(down.stderr).not.toContain('s3cret');
    const plain = await run('get key --tls');
    expect(plain).toMatchObject({ code: 3, stdout: '' });
    // A proxy, and a server of the binary protocol alone, hang up silently.
    expect(plain.stderr).toMatch(
      CAN.found === 'binary' || !CAN.steady
        ? /ERR_CONNECT/
        : /^memts: [^\n]*: TLS: wrong version number; the server does not seem to speak TLS [^\n]*\n$/,
    );
    await client.set('text', 'word');
    expect(await run('incr text')).toMatchObject({ code: 3 });
    const some = await memts(['ping', '--json', '--servers', `${server.address},127.0.0.1:1`]);
    expect(some.code).toBe(3);
    expect(some.stdout).toMatch(/"version":"1\.\d+\.\d+".*\n.*"error":/);
  });
});

describe.concurrent('credentials and TLS', { timeout: PATIENCE }, () => {
  const password = 's3cret@:';
  const file = join(folder, 'password');
  writeFileSync(file, `${password}\nnot this\n`);

  it.skipIf(!CAN.login)('logs in by text, with a password from a file or the environment', async () => {
    await using guarded = await startMemcached({ auth: [{ username: 'ann', password: 's3cret' }] });
    writeFileSync(join(folder, 'text-password'), 's3cret\n');
    const login = ['--user', 'ann', '--password-file', join(folder, 'text-password'), '--servers', guarded.address];
    expect(await memts(['set', 'key', 'value', ...login])).toMatchObject({ code: 0, stderr: '' });
    expect(await memts(['keys', ...login])).toMatchObject({ code: 0, stdout: 'key\n' });
    const env = { MEMCACHE_USERNAME: 'ann', MEMCACHE_PASSWORD: 's3cret' };
    expect(await memts(['keys'], { servers: guarded.address, env })).toMatchObject({ code: 0, stdout: 'key\n' });
    const wrong = await memts(['keys'], { servers: guarded.address, env: { ...env, MEMCACHE_PASSWORD: 'wr0ng' } });
    expect(wrong).toMatchObject({ code: 3, stderr: `memts: ${guarded.address}: rejected the credentials\n` });
    expect((await memts(['keys'], { servers: guarded.address })).stderr).toMatch(/wants a login/);
  });

  it.skipIf(!CAN.sasl)('logs in by SASL, and says that such a server can not list its keys', async () => {
    await using guarded = await startMemcached({ sasl: [{ username: 'ann', password: 's3cret' }] });
    const options = { servers: `ann:s3cret@${guarded.address}` };
    expect(await memts(['set', 'key', 'value'], options)).toMatchObject({ code: 0, stderr: '' });
    const keys = await memts(['keys'], options);
    expect(keys).toMatchObject({ code: 3, stdout: '' });
    expect(keys.stderr).toMatch(/needs the text protocol/);
  });

  it('leaves no password behind on a server that wants none', async () => {
    const options = { servers: server.address, env: { MEMCACHE_USERNAME: 'ann', MEMCACHE_PASSWORD: 's3cret' } };
    await memts(['keys'], options);
    expect(await stored('login')).toBe(undefined);
  });

  it('speaks TLS, to serve with a login for one', async () => {
    const { ca, server: certificate } = await certificates();
    const login = ['--user', 'ann', '--password-file', file];
    const serve = ['serve', '--port', '0', '--json', '--tls-cert', certificate.cert, '--tls-key', certificate.key];
    let address = '';
    const served = await memts([...serve, ...login], {
      meanwhile: async (child) => {
        address = await new Promise((resolve) => {
          child.stdout?.once('data', (line) => resolve(JSON.parse(String(line)).address));
        });
        const tls = ['--servers', address.replace('memcacheds://', ''), '--tls-ca', ca.cert, ...login];
        expect(await memts(['set', 'key', 'value', ...tls])).toMatchObject({ code: 0, stderr: '' });
        expect(await memts(['keys', ...tls])).toMatchObject({ code: 0, stdout: 'key\n', stderr: '' });
        const unknown = await memts(['get', 'key', '--servers', address, ...login]);
        expect(unknown).toMatchObject({ code: 3, stdout: '' });
        child.kill('SIGINT');
      },
    });
    expect(address).toMatch(/^memcacheds:/);
    expect(served).toMatchObject({ code: 0, stderr: '' });
  });
});
