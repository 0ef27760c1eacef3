/** Carries out a command, says how that went, disconnects from the server as ordered, and has nothing more to do. */
import { Client, type MemcacheError } from '../../../src/index.ts';

const [, , address, how] = process.argv;
const client = Client.create(address, { retries: 1, logger: { log() {} } });
const outcome = await client.get('key').then(
  () => 'resolved',
  (error: MemcacheError) => error.code,
);
if (how === 'quit') client.quit();
else client.close();
console.log(outcome);
