/** Carries out a command and says how that went; takes no leave of the server, and has nothing more to do. */
import { Client, type MemcacheError } from '../../../src/index.ts';

const client = Client.create(process.argv[2], { retries: 1, logger: { log() {} } });
const outcome = await client.get('key').then(
  () => 'resolved',
  (error: MemcacheError) => error.code,
);
console.log(outcome);
