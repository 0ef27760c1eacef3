/** What is done with each entry, and what that has to print. `given` are the names that are imported. */
interface Use {
  imports: Readonly<Record<string, string>>;
  code: string;
  prints: string;
}

/** Each entry, with the host that it needs. Servers are the program's own. */
export const USES: Readonly<Record<string, Use>> = {
  memts: {
    imports: { 'Client, jsonSerializer, MemcacheError': 'memts' },
    code: `const own = Client.create(address, { serializer: jsonSerializer() });
    await own.set('key', { a: 1 });
    print((await own.get('key')).value.a, await own.get('').catch((error) => error instanceof MemcacheError));
    await own.quit();`,
    prints: '1 true',
  },
  'memts/cache': {
    imports: { 'Client as CacheClient': 'memts', Cache: 'memts/cache' },
    code: `const cached = CacheClient.create(address);
    const cache = new Cache(cached, { namespace: 'bundled' });
    const value = await cache.getOrSet('key', () => new Set([1]), { tags: ['tag'] });
    await cache.invalidateTags(['tag']);
    print(value.has(1), await cache.has('key'));
    await cached.quit();`,
    prints: 'true false',
  },
  'memts/memory-server': {
    imports: { MemoryServer: 'memts/memory-server' },
    code: 'print(typeof MemoryServer.start);',
    prints: 'function',
  },
  'memts/serializers': {
    imports: { 'Client as SharedClient': 'memts', 'dalliSerializer, phpSerializer': 'memts/serializers' },
    code: `const shared = SharedClient.create(address, { serializer: dalliSerializer() });
    await shared.set('shared', 5);
    print((await shared.get('shared')).value, typeof phpSerializer().serialize);
    await shared.quit();`,
    prints: '5 function',
  },
  'memts/keyv': {
    imports: { 'Client as TheClient': 'memts', KeyvMemts: 'memts/keyv', Keyv: 'keyv' },
    code: `const store = new KeyvMemts(address);
    const keyv = new Keyv({ store, namespace: 'a' });
    await keyv.set('key', [1]);
    print(await keyv.get('key'), store.client instanceof TheClient);
    await keyv.disconnect();`,
    prints: '1 true',
  },
  'memts/keyv/create': {
    imports: { createKeyv: 'memts/keyv/create' },
    code: `const made = createKeyv(address, { namespace: 'b' });
    await made.set('key', 'made');
    print(await made.get('key'));
    await made.disconnect();`,
    prints: 'made',
  },
  'memts/session': {
    imports: { MemtsStore: 'memts/session', 'default as session': 'express-session' },
    code: `const sessions = new MemtsStore({ servers: address });
    await new Promise((resolve) => sessions.set('id', { cookie: { path: '/' }, user: 'Ada' }, resolve));
    const found = await new Promise((resolve) => sessions.get('id', (error, data) => resolve(data ?? error)));
    print(found.user, sessions instanceof session.Store);
    await sessions.close();`,
    prints: 'Ada true',
  },
  'memts/rate-limit': {
    imports: { 'Client as LimitedClient': 'memts', rateLimiter: 'memts/rate-limit' },
    code: `const limited = LimitedClient.create(address);
    const limiter = rateLimiter(limited, { points: 1, per: 60 });
    print((await limiter.take('bundled')).allowed, (await limiter.take('bundled')).allowed);
    await limited.quit();`,
    prints: 'true false',
  },
  'memts/unstorage': {
    imports: { memtsDriver: 'memts/unstorage', createStorage: 'unstorage' },
    code: `const storage = createStorage({ driver: memtsDriver({ servers: address }) });
    await storage.setItem('key', { a: 1 });
    print((await storage.getItem('key')).a);
    await storage.dispose();`,
    prints: '1',
  },
  'memts/opentelemetry': {
    imports: {
      'Client as TracedClient': 'memts',
      MemtsInstrumentation: 'memts/opentelemetry',
      'trace, context': '@opentelemetry/api',
    },
    code: `const spans = [];
    const span = { isRecording: () => true, updateName: (name) => spans.push(name.split(' ')[0]), setAttributes() {}, setStatus() {}, end() {} };
    const tracer = { startSpan: () => span };
    const instrumentation = new MemtsInstrumentation();
    instrumentation.setTracerProvider({ getTracer: () => tracer });
    const traced = TracedClient.create(address);
    await traced.set('traced', 'value');
    await traced.quit();
    instrumentation.disable();
    print(spans, typeof instrumentation.instrumentationVersion, typeof trace.getTracer, typeof context.active);`,
    prints: 'set string function function',
  },
};

/** A program that uses these entries on a server of its own, as an ES module or as CommonJS. */
export function program(entries: readonly string[], source: 'esm' | 'cjs'): string {
  const uses = entries.map((entry) => USES[entry] ?? { imports: {}, code: '', prints: '' });
  const imports = [
    ...uses.flatMap((use) => Object.entries(use.imports)),
    ['MemoryServer as Local', 'memts/memory-server'],
  ];
  const lines = imports.map(([names = '', from = '']) =>
    source === 'esm' ? importLine(names, from) : requireLine(names, from),
  );
  return `${lines.join('\n')}
const lines = [];
const print = (...parts) => lines.push(parts.join(' '));
async function main() {
  const server = await Local.start();
  const { address } = server;
  ${uses.map(({ code }) => `{ ${code} }`).join('\n  ')}
  await server.stop();
  console.log(lines.join('\\n'));
}
main().catch((error) => { console.error(error); process.exit(1); });
`;
}

function importLine(names: string, from: string): string {
  return `import { ${names} } from '${from}';`;
}

function requireLine(names: string, from: string): string {
  // A module that is a function or a class stands for its own default.
  if (names.startsWith('default as ')) return `const ${names.slice('default as '.length)} = require('${from}');`;
  return `const { ${names.replaceAll(' as ', ': ')} } = require('${from}');`;
}

/** What the program has to print. */
export function expected(entries: readonly string[]): string {
  return entries.map((entry) => USES[entry]?.prints).join('\n');
}
