import { describe, expect, inject, it } from 'vitest';
import { startMemcached } from '../support/memcached.ts';
import { OWN_NAME, PROGRAMS } from './support/expected.ts';
import { type Results, runProgram } from './support/programs.ts';

const USER = { username: 'user', password: 'se:cr@et' };

/** Programs that share their keys among two servers. */
const WITH_TWO = ['promises.mjs'];

async function runOnServers(project: string, name: string): Promise<Results> {
  await using server = await startMemcached();
  await using second = await startMemcached();
  await using sasl = await startMemcached({ sasl: [USER] });
  return await runProgram(project, name, {
    MEMCACHE_SERVERS: WITH_TWO.includes(name) ? `${server.address},${second.address}` : server.address,
    SASL_SERVER: sasl.address,
    SASL_USER: USER.username,
    SASL_PASSWORD: USER.password,
  });
}

describe.each(PROGRAMS)('$name, written for MemJS', ({ name, expected, differences }) => {
  it('runs on the package under the name memjs', async () => {
    expect(await runOnServers(inject('ours'), name)).toEqual(expected);
  });

  it('runs alike on MemJS 1.3.2, but for its faults', async () => {
    const results = await runOnServers(inject('memjs'), name);
    const faults = Object.entries(differences).map(([step, { memjs }]) => [step, memjs]);
    expect(results).toEqual({ ...expected, ...Object.fromEntries(faults) });
  });

  it('differs from MemJS in each step that is said to differ', () => {
    for (const [step, { memjs, fault }] of Object.entries(differences)) {
      expect(expected, fault).toHaveProperty([step]);
      expect(memjs, fault).not.toEqual(expected[step]);
    }
  });
});

it('runs under its own name, imported and required', async () => {
  expect(await runOnServers(inject('ours'), 'own-name.mjs')).toEqual(OWN_NAME);
});
