/** Has every kind of command fail, each called from a function of its own, and prints the stacks of their errors. */
import { Client, type MemcacheError, type MultiResult } from '../../../src/index.ts';

const [good = '', down = ''] = process.argv.slice(2);
const client = Client.create(down, { retries: 1, logger: false });

const CALLERS: Readonly<Record<string, () => Promise<unknown>>> = {
  callerOfGet: () => client.get('key'),
  callerOfCallback: () => new Promise((_, reject) => client.set('key', 'value', {}, reject)),
  callerOfRefused: () => client.get(''),
  callerOfGetMulti: () => client.getMulti(['key']),
  callerOfUpdate: () => client.update('key', () => 'value'),
  callerOfGetOrSet: () => client.getOrSet('', () => 'value'),
  callerOfFlush: () => client.flush().then(({ [down]: error }) => Promise.reject(error)),
  callerOfStats: () => client.stats(),
};

const stacks: Record<string, string | undefined> = {};
for (const [name, call] of Object.entries(CALLERS)) {
  stacks[name] = await call().then(
    () => 'no error',
    (error: MemcacheError) => error.stack,
  );
}
// Many commands with one reason for their failure: each tells of its own caller.
const callerOne = (): Promise<unknown> => client.get('key');
const callerTwo = (): Promise<unknown> => client.get('key');
const [one, two] = await Promise.allSettled([callerOne(), callerTwo()]);
stacks.callerOne = one.status === 'rejected' ? one.reason.stack : undefined;
stacks.callerTwo = two.status === 'rejected' ? two.reason.stack : undefined;

const fine = Client.create(good, { logger: false });
const found: MultiResult<unknown> = await fine.getMulti(['key']);
stacks.none = `${found.size}`;
await fine.quit();
process.stdout.write(JSON.stringify(stacks));
