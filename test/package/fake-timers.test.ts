import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { type RogueServer, startRogueServer } from '../support/rogue-server.ts';
import { run } from './support/run.ts';

interface Timers {
  install(): void;
  restore(): void;
  late?: boolean;
}

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
const require = createRequire(import.meta.url);
let server: Memcached;
let silent: RogueServer;

beforeAll(async () => {
  server = await startMemcached();
  silent = await startRogueServer(() => {});
  for (const part of ['', '.sinon', '.node', '.jest', '.environment']) {
    cpSync(join(FIXTURES, `fake-timers${part}.cjs`), join(inject('ours'), `fake-timers${part}.cjs`));
  }
});

afterAll(() => Promise.all([server.stop(), silent.stop()]));

const addresses = () => ({ SERVER: server.address, SILENT: silent.address });

/** Runs a program of the fixtures, and tells what went wrong in it. */
async function failuresOf(program: string, env: Record<string, string> = {}): Promise<unknown> {
  const { stdout } = await run(process.execPath, [program], inject('ours'), { ...addresses(), ...env });
  return (JSON.parse(stdout) as { failures: unknown }).failures;
}

describe('fake timers of sinon', () => {
  const env = { FAKE_TIMERS: require.resolve('@sinonjs/fake-timers') };

  test('all that it can fake, installed when the client is in use', async () => {
    expect(await failuresOf('fake-timers.sinon.cjs', env)).toEqual([]);
  });

  test('installed before the client is loaded', async () => {
    expect(await failuresOf('fake-timers.sinon.cjs', { ...env, LATE: 'yes' })).toEqual([]);
  });
});

test('fake timers of node:test, installed when the client is in use', async () => {
  expect(await failuresOf('fake-timers.node.cjs')).toEqual([]);
});

describe('fake timers of jest', () => {
  /** Runs the fixture in jest, which ends with 1 when a test of it fails. */
  async function inJest(fakeTimers: object, env: Record<string, string> = {}): Promise<void> {
    const project = inject('ours');
    const config = join(project, 'jest.config.json');
    const testEnvironment = join(project, 'fake-timers.environment.cjs');
    writeFileSync(config, JSON.stringify({ testMatch: ['**/*.jest.cjs'], testEnvironment, fakeTimers, haste: {} }));
    const jest = require.resolve('jest/bin/jest');
    const JEST_ENVIRONMENT = require.resolve('jest-environment-node');
    const args = [jest, '--runInBand', '--no-cache', '--rootDir', project, '--config', config];
    await run(process.execPath, args, project, { ...addresses(), JEST_ENVIRONMENT, ...env });
  }

  test('its modern ones, installed when the client is in use', () => inJest({}));
  test('its legacy ones, installed when the client is in use', () => inJest({}, { LEGACY: 'yes' }));
  test('enabled globally, before the client is loaded', () => inJest({ enableGlobally: true }, { LATE: 'yes' }));
});

describe('fake timers of vitest', () => {
  const story = (timers: Timers): Promise<unknown> => {
    const loader = createRequire(join(inject('ours'), 'index.js'));
    for (const path of Object.keys(loader.cache)) if (path.startsWith(inject('ours'))) delete loader.cache[path];
    Object.assign(process, { realTimers: { setTimeout, clearTimeout }, realNow: performance.now.bind(performance) });
    return (
      loader('./fake-timers.cjs') as { story(address: string, timers: Timers & { silent: string }): Promise<unknown> }
    ).story(server.address, { ...timers, silent: silent.address });
  };

  test('installed when the client is in use', async () => {
    expect(await story({ install: () => vi.useFakeTimers(), restore: () => vi.useRealTimers() })).toEqual([]);
  });

  test('installed before the client is loaded', async () => {
    const timers = { install: () => vi.useFakeTimers(), restore: () => vi.useRealTimers(), late: true };
    expect(await story(timers)).toEqual([]);
  });
});
