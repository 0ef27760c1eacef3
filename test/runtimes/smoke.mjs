/**
 * Goes through the client on whatever runtime runs it, and prints a line for each step that came out as it should. The
 * addresses of memcached are in MEMCACHED and MEMCACHED_UNIX, the paths of a certificate in TLS_CERT, TLS_KEY, TLS_CA.
 */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Client, compressed, Header, jsonSerializer, MemcacheError, Server, Utils } from 'memts';
import { MemoryServer } from 'memts/memory-server';

const { MEMCACHED, MEMCACHED_UNIX, TLS_CERT, TLS_KEY, TLS_CA, MEMORY_SOCKET } = process.env;
const QUIET = { log() {} };

async function step(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${error?.stack ?? error}`);
    process.exitCode = 1;
  }
}

/** What a command hands to its callback. */
const called = (run) => new Promise((resolve) => run((...given) => resolve(given)));
const textOf = async (reply) => (await reply).value?.toString() ?? null;
const codeOf = (promise) =>
  promise.then(
    () => 'nothing went wrong',
    (error) => error.code ?? error.name,
  );

async function storage(client) {
  assert.equal(await client.set('k', 'one', { expires: 60, flags: 7 }), true);
  const { value, flags } = await client.get('k');
  assert.deepEqual([value.toString(), flags.readUInt32BE()], ['one', 7]);
  assert.deepEqual(await client.get('missing'), { value: null, flags: null });
  assert.equal(await client.add('k', 'two'), false);
  assert.equal(await client.add('added', 'two'), true);
  assert.equal(await client.replace('k', 'b'), true);
  assert.equal(await client.replace('missing', 'b'), false);
  assert.equal(await client.append('k', 'c'), true);
  assert.equal(await client.prepend('k', 'a'), true);
  assert.equal(await textOf(client.get('k')), 'abc');
  assert.equal(await client.touch('k', 100), true);
  assert.equal(await client.touch('missing', 100), false);
  assert.equal(await textOf(client.getAndTouch('k', 100)), 'abc');
  assert.equal(await client.delete('k'), true);
  assert.equal(await client.delete('k'), false);
  const bytes = new Uint8Array([0, 13, 10, 255]);
  assert.equal(await client.set('bytes', bytes), true);
  assert.deepEqual([...(await client.get('bytes')).value], [...bytes]);
  assert.equal(await client.set('Zürich', '日本'), true);
  assert.equal(await textOf(client.get('Zürich')), '日本');
}

async function callbacks(client) {
  assert.deepEqual(await called((done) => client.set('c', 'one', { expires: 60 }, done)), [null, true]);
  const [error, value, flags] = await called((done) => client.get('c', done));
  assert.deepEqual([error, value.toString(), flags.length], [null, 'one', 4]);
  assert.deepEqual(await called((done) => client.add('c', 'x', {}, done)), [null, false]);
  assert.deepEqual(await called((done) => client.replace('c', '1', {}, done)), [null, true]);
  assert.deepEqual(await called((done) => client.append('c', '2', done)), [null, true]);
  assert.deepEqual(await called((done) => client.prepend('c', '3', done)), [null, true]);
  assert.deepEqual(await called((done) => client.increment('c', 5, {}, done)), [null, true, 317]);
  assert.deepEqual(await called((done) => client.decrement('c', 7, {}, done)), [null, true, 310]);
  assert.deepEqual(await called((done) => client.touch('c', 60, done)), [null, true]);
  assert.equal((await called((done) => client.getAndTouch('c', 60, done)))[1].toString(), '310');
  assert.deepEqual(await called((done) => client.delete('c', done)), [null, true]);
  assert.equal((await called((done) => client.get('', done)))[0].code, 'ERR_INVALID_KEY');
}

async function counters(client) {
  assert.deepEqual(await client.increment('n', 1, { initial: null }), { success: false, value: null });
  assert.deepEqual(await client.increment('n', 1, { initial: 10 }), { success: true, value: 10 });
  assert.deepEqual(await client.increment('n', 5), { success: true, value: 15 });
  assert.deepEqual(await client.decrement('n', 20), { success: true, value: 0 });
  const top = 2n ** 53n;
  assert.equal(await client.set('big', String(top - 1n)), true);
  assert.equal(await codeOf(client.increment('big', 1)), 'ERR_COUNTER_RANGE');
  assert.deepEqual(await client.increment('big', 2, { bigint: true }), { success: true, value: top + 2n });
  assert.equal(await client.set('text', 'abc'), true);
  assert.equal(await codeOf(client.increment('text', 1)), 'ERR_NOT_NUMERIC');
}

async function cas(client, protocol) {
  await client.set('cas', 'one');
  const { cas } = await client.get('cas', { cas: true });
  assert.equal(typeof cas, 'bigint');
  assert.equal(await client.set('cas', 'two', { cas }), true);
  assert.equal(await client.set('cas', 'three', { cas }), false);
  // The classic protocol has no word for it.
  if (protocol === 'classic') assert.equal(await codeOf(client.delete('cas', { cas })), 'ERR_UNSUPPORTED');
  else assert.equal(await client.delete('cas', { cas }), false);
  await client.set('list', '0');
  const add = () => client.update('list', (value) => String(Number(value) + 1));
  await Promise.all(Array.from({ length: 5 }, add));
  assert.equal(await textOf(client.get('list')), '5');
}

async function many(client) {
  const keys = Array.from({ length: 1000 }, (_, i) => `many:${i}`);
  const stored = await client.setMulti(keys.map((key) => [key, `value of ${key}`]));
  assert.deepEqual([stored.size, stored.errors.size], [1000, 0]);
  const found = await client.getMulti([...keys, 'many:none'], { cas: true });
  assert.equal(found.size, 1000);
  for (const key of keys) assert.equal(found.get(key).value.toString(), `value of ${key}`);
  const gone = await client.deleteMulti([...keys, 'many:none']);
  assert.equal([...gone.values()].filter(Boolean).length, 1000);
}

async function computing(client) {
  let computations = 0;
  const compute = async () => {
    computations++;
    return 'made';
  };
  const options = { expires: 60, staleFor: 60, lockFor: 5 };
  const values = await Promise.all(Array.from({ length: 20 }, () => client.getOrSet('made', compute, options)));
  assert.deepEqual([new Set(values.map(String)), computations], [new Set(['made']), 1]);
  const broken = client.getOrSet('broken', () => Promise.reject(new TypeError('no')), options);
  assert.equal(await codeOf(broken), 'TypeError');
}

async function large(client) {
  const value = Buffer.alloc(1_000_000);
  for (let i = 0; i < value.length; i++) value[i] = (i * 7) % 251;
  assert.equal(await client.set('large', value, {}), true);
  const answers = await Promise.all([client.get('large'), client.get('missing'), client.get('large')]);
  assert.ok(answers[0].value.equals(value) && answers[2].value.equals(value) && answers[1].value === null);
  assert.equal(await codeOf(client.set('large', Buffer.alloc(2_000_000))), 'ERR_VALUE_TOO_LARGE');
  assert.equal(await textOf(client.get('missing')), null);
}

async function administration(client) {
  const [[address, version]] = Object.entries(await client.version());
  assert.match(version, /^\d+\.\d+/);
  assert.ok(Number((await client.stats())[address].pid) > 0);
  const [error, server, stats] = await called((done) => client.stats(done));
  assert.deepEqual([error, server, typeof stats.curr_items], [null, address, 'string']);
  assert.ok(Object.keys((await client.statsWithKey('settings'))[address]).length > 0);
  await client.resetStats();
  assert.deepEqual(await client.flush(), { [address]: true });
  assert.equal(await textOf(client.get('added')), null);
}

async function aborting(client) {
  const reason = new RangeError('enough');
  assert.equal(await codeOf(client.get('k', { signal: AbortSignal.abort(reason) })), 'RangeError');
  const controller = new AbortController();
  const waiting = client.get('k', { signal: controller.signal });
  controller.abort(reason);
  assert.equal(await codeOf(waiting), 'RangeError');
  assert.equal(await textOf(client.get('missing')), null);
}

async function serializers(address) {
  const client = Client.create(address, {
    serializer: compressed(jsonSerializer(), { threshold: 100 }),
    logger: QUIET,
  });
  const value = { name: 'Ada', list: Array.from({ length: 100 }, (_, i) => i), text: 'x'.repeat(500) };
  assert.equal(await client.set('json', value), true);
  assert.deepEqual((await client.get('json')).value, value);
  await client.quit();
}

/** A frame that the caller made, answered over the binary protocol. */
async function frames(client) {
  await client.set('framed', 'yes');
  client.incrSeq();
  const frame = Utils.makeRequestBuffer(0, 'framed', '', '', client.seq);
  assert.equal(Header.fromBuffer(frame).opcode, 0);
  const response = await new Promise((resolve, reject) =>
    client.perform('framed', frame, client.seq, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
  assert.deepEqual([response.header.status, response.val.toString()], [0, 'yes']);
  assert.ok(client.server('framed') instanceof Server);
}

async function everything(name, address, options = {}) {
  const client = Client.create(address, { timeout: 5, ...options, logger: QUIET });
  await step(`${name}: connect`, () => client.connect());
  await step(`${name}: storage`, () => storage(client));
  await step(`${name}: callbacks`, () => callbacks(client));
  await step(`${name}: counters`, () => counters(client));
  await step(`${name}: cas`, () => cas(client, options.protocol));
  await step(`${name}: many`, () => many(client));
  await step(`${name}: getOrSet`, () => computing(client));
  await step(`${name}: large`, () => large(client));
  await step(`${name}: abort`, () => aborting(client));
  if (options.protocol === 'binary') await step(`${name}: frames`, () => frames(client));
  await step(`${name}: administration`, () => administration(client));
  await step(`${name}: quit`, () => client.quit());
}

const PROTOCOLS = ['binary', 'meta', 'classic'];
for (const protocol of PROTOCOLS) await everything(`memcached ${protocol}`, MEMCACHED, { protocol });
await everything('memcached unix', MEMCACHED_UNIX);
await step('serializers', () => serializers(MEMCACHED));

const server = await MemoryServer.start();
for (const protocol of PROTOCOLS) await everything(`MemoryServer ${protocol}`, server.address, { protocol });
await server.stop();

const atPath = await MemoryServer.start({ path: MEMORY_SOCKET });
await everything('MemoryServer unix', atPath.address);
await atPath.stop();
rmSync(MEMORY_SOCKET, { force: true });

const [cert, key, ca] = [TLS_CERT, TLS_KEY, TLS_CA].map((path) => readFileSync(path));
const secure = await MemoryServer.start({ tls: { cert, key }, users: { ada: 's:cr@t' } });
const login = { username: 'ada', password: 's:cr@t' };
for (const protocol of PROTOCOLS) {
  await everything(`TLS and login ${protocol}`, secure.address, { protocol, ...login, tls: { ca } });
}
await step('TLS refuses a server that nobody vouches for', async () => {
  const client = Client.create(secure.address, { ...login, retries: 1, timeout: 5, logger: QUIET });
  assert.equal(await codeOf(client.get('k')), 'ERR_CONNECT');
  await client.quit();
});
await step('a wrong password', async () => {
  const client = Client.create(secure.address, {
    username: 'ada',
    password: 'no',
    tls: { ca },
    timeout: 5,
    logger: QUIET,
  });
  assert.equal(await codeOf(client.get('k')), 'ERR_AUTH');
  client.close();
});
await secure.stop();

await step('a server that is not there', async () => {
  const client = Client.create(server.address, { retries: 1, logger: QUIET });
  const error = await client.get('k').catch((caught) => caught);
  assert.ok(error instanceof MemcacheError && error instanceof Error);
  assert.deepEqual([error.code, error.server], ['ERR_CONNECT', server.address]);
  client.close();
});
await step('a server that says nothing', async () => {
  const silent = await MemoryServer.start();
  const client = Client.create(silent.address, { retries: 1, timeout: 0.1, logger: QUIET });
  await client.get('k');
  silent.faults.add({ kind: 'silence' });
  assert.equal(await codeOf(client.get('k')), 'ERR_TIMEOUT');
  const waiting = codeOf(client.get('k'));
  client.close();
  assert.equal(await waiting, 'ERR_CLOSED');
  await silent[Symbol.asyncDispose]();
});
await step('require', () => {
  const required = createRequire(import.meta.url)('memts');
  assert.equal(typeof required.Client.create, 'function');
  assert.ok(new required.MemcacheError('ERR_BUSY', 'busy') instanceof MemcacheError);
});

// A client that is only quit, not closed: the process has to end by itself.
const last = Client.create(MEMCACHED);
await last.set('last', '1');
await last.quit();
console.log('the end');
