import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { makeFolder } from '../support/leftovers.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { requireProgram } from '../support/programs.ts';
import { memts, PATIENCE, program } from './support/memts.ts';

let server: Memcached;

beforeAll(async () => {
  [server] = await Promise.all([startMemcached(), program()]);
  await using client = Client.create(server.address, { timeout: 20 });
  await client.set('key', 'value');
});
afterAll(() => server.stop());

describe.concurrent('the files of dump and load', { timeout: PATIENCE }, () => {
  it('dump takes the place of files alone, not of a pipe or a device', async () => {
    const folder = makeFolder();
    const pipe = join(folder, 'pipe');
    execFileSync(requireProgram('mkfifo'), [pipe]);
    for (const [file, what] of Object.entries({ [pipe]: 'is no file', [folder]: 'is a directory', '': 'is empty' })) {
      const refused = await memts(['dump', file], { servers: server.address });
      expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(what) });
    }
    expect(readdirSync(folder)).toEqual(['pipe']);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  // What another test loads meanwhile may be in it.
  it('dump leaves a link where it is', async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere/dump'), 'old');
    symlinkSync('elsewhere/dump', join(folder, 'link'));
    const dumped = await memts(['dump', join(folder, 'link')], { servers: server.address });
    expect(dumped).toMatchObject({ code: 0, stderr: expect.stringMatching(/^memts: dumped [12] items?, \d+ B\n$/) });
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'elsewhere/dump'), 'utf8')).toContain('"value"');
    expect(readdirSync(folder).sort()).toEqual(['elsewhere', 'link']);
  });

  it('dump leaves nothing behind when the keys can not be listed', async () => {
    const folder = makeFolder();
    const failed = await memts(['dump', join(folder, 'dump')], { servers: `${server.address},127.0.0.1:1` });
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('load reads from a pipe with a name, and notes no progress then', async () => {
    const folder = makeFolder();
    const pipe = join(folder, 'pipe');
    execFileSync(requireProgram('mkfifo'), [pipe]);
    const loaded = await memts(['load', pipe], {
      servers: server.address,
      meanwhile: () => writeFileSync(pipe, '{"key":"piped","value":"x"}\r\n\r\n'),
    });
    expect(loaded).toMatchObject({ code: 0, stderr: 'memts: loaded 1 item\n' });
    expect(readdirSync(folder)).toEqual(['pipe']);
    expect(await memts(['get', 'piped'], { servers: server.address })).toMatchObject({ stdout: 'x' });
    const refused = await memts(['load', folder], { servers: server.address });
    expect(refused).toMatchObject({ code: 2, stderr: `memts: ${folder} is a directory\n` });
  });
});
