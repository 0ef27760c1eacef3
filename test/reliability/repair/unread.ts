/**
 * A set that the server has not read, on a connection that was given up, and a delete that it acknowledges on another one: how
 * often the old value is there afterwards. `npm run test:repair -- 1000` with the number of times.
 */
import { Client } from '../../../src/index.ts';
import { startMemcached } from '../../support/memcached.ts';
import { eventually, sleep } from '../../support/wait.ts';

async function oldValues(times: number, repair: boolean): Promise<{ old: number; deleted: number }> {
  await using server = await startMemcached({ args: ['-t', '4'] });
  const client = Client.create(server.address, { timeout: 0.05, retries: 1, failFast: false, repair, logger: false });
  const repaired = new Set<string>();
  client.on('repaired', (_, keys) => {
    for (const key of keys) repaired.add(key);
  });
  let old = 0;
  let deleted = 0;
  for (let time = 0; time < times; time++) {
    const key = `key-${time}`;
    await eventually(() => client.get('other').then(() => true));
    server.pause();
    await client.set(key, 'old').catch(() => {});
    const end = client.delete(key, { timeout: 5 }).then(
      () => deleted++,
      () => {},
    );
    await sleep(5);
    server.resume();
    await end;
    if (repair) await eventually(() => repaired.has(key));
    else await sleep(20);
    if ((await client.get(key, { timeout: 5 })).value !== null) old++;
  }
  client.close();
  return { old, deleted };
}

const times = Number(process.argv[2] ?? 1000);
for (const repair of [false, true]) {
  const { old, deleted } = await oldValues(times, repair);
  console.log(`${repair ? 'with' : 'without'} repair: ${old} old values in ${times} (${deleted} deletes acknowledged)`);
  if (repair && old > 0) process.exitCode = 1;
}
