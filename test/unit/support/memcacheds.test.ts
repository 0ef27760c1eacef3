import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Client } from '../../../src/index.ts';
import { makeFolder } from '../../support/leftovers.ts';
import { startMemcached, startMemcachedProxy } from '../../support/memcached.ts';
import { findVersions, hasMemcached, MEMCACHEDS } from '../../support/memcacheds.ts';
import { RawClient } from '../../support/raw-client.ts';

const USER = { username: 'bob', password: 'secret' };

describe.each(MEMCACHEDS)('memcached $version', ({ name, version, program }) => {
  it.skipIf(!program)('runs, and says that it is this version', async () => {
    await using server = await startMemcached({ version: name });
    using client = await RawClient.connect(server);
    client.send('version\r\n');
    expect(await client.receiveLine()).toBe(`VERSION ${version}`);
  });

  it.skipIf(!program)('knows users of SASL', async () => {
    await using server = await startMemcached({ version: name, sasl: [USER] });
    await using client = Client.create(server.address, { ...USER, protocol: 'binary', logger: { log() {} } });
    expect(await client.set('key', 'value')).toBe(true);
  });
});

describe('versions', () => {
  it('are found in the folder that they were unpacked into, and distinguished from those that are missing', () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'forky'));
    writeFileSync(join(folder, 'forky', 'memcached'), '');
    writeFileSync(join(folder, 'forky', 'version'), '1.6.99\n');
    expect(findVersions(folder).map(({ name, version, program }) => [name, version, program !== undefined])).toEqual([
      ['1.6.9', '1.6.9', false],
      ['1.6.18', '1.6.18', false],
      ['1.6.38', '1.6.38', false],
      ['1.6.45', '1.6.99', true],
    ]);
  });
});

describe.skipIf(!hasMemcached('1.6.45'))("memcached's own proxy", () => {
  it('spreads keys over the servers behind it', async () => {
    const backends = await Promise.all([startMemcached(), startMemcached()]);
    await using proxy = await startMemcachedProxy({ backends });
    using client = await RawClient.connect(proxy);
    for (let key = 0; key < 40; key++) {
      client.send(`set key-${key} 0 0 1\r\n${key % 10}\r\n`);
      expect(await client.receiveLine()).toBe('STORED');
    }
    for (const server of backends) {
      using direct = await RawClient.connect(server);
      direct.send(Array.from({ length: 40 }, (_, key) => `mg key-${key}\r\n`).join(''));
      direct.send('mn\r\n');
      await expect.poll(() => direct.received.toString()).toMatch(/HD\r\n(.|\r\n)*MN\r\n/);
    }
  });
});
