/** Reads a key all the time, and says at the end what went wrong. Takes the address, and whether to be busy now and then. */
import { Client } from '../../../../src/index.ts';

const [address = '', busy] = process.argv.slice(2);
const client = Client.create(address, { timeout: 0.2, retries: 1, failFast: 1, logger: false });
let downs = 0;
let done = 0;
client.on('down', () => downs++);
await client.set('key', 'value');
process.stdout.write('ready\n');
const get = (): void => {
  client
    .get('key')
    .catch(() => {})
    .finally(() => done++);
};
const load = setInterval(() => {
  for (let i = 0; i < 5; i++) get();
}, 5);
const work = setInterval(() => {
  // Commands are under way, and no input is read, for three times as long as a hung server is given.
  if (busy === 'busy') for (const end = performance.now() + 700; performance.now() < end; );
}, 50);
process.once('SIGUSR2', async () => {
  clearInterval(load);
  clearInterval(work);
  await client.quit();
  process.stdout.write(`${downs} ${done}\n`);
});
