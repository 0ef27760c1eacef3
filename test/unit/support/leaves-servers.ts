/** Starts two servers, does not stop them, and ends as its standard input says. */
import { startMemcached } from '../../support/memcached.ts';

const { port } = await startMemcached();
const { path } = await startMemcached({ unix: true });
console.log(JSON.stringify({ port, path }));
process.stdin.on('data', (how) => {
  if (String(how) === 'throw') throw new Error('a crash');
  process.exit(0);
});
