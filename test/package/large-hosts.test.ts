import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { cachedPackages } from '../support/npm.ts';
import { freePort } from '../support/ports.ts';
import { compileFiles, STRICT } from '../types/support/compile.ts';
import { makeProject } from './support/project.ts';
import { run } from './support/run.ts';

/** Too large to be installed with everything else; the versions that run on Node.js 20. */
const HOSTS = [
  '@apollo/server@5.5.1',
  '@apollo/utils.keyvaluecache@4.0.0',
  '@types/node@20',
  'better-auth@1.7.25',
  'graphql@16.14.2',
  'nitropack@2.13.6',
  'unstorage@1.17.6',
];
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** What a guide shows, its fragments included, one after another. */
function guide(name: string, address: string): string[] {
  const text = readFileSync(join(ROOT, `docs/${name}.md`), 'utf8');
  const found = [...text.matchAll(/^```ts(?: fragment)?\n(.*?)^```$/gms)].map(([, code = '']) => code);
  return found.map((code) => code.replace('await client.quit();\n', '').replaceAll('localhost:11211', address));
}

describe.runIf(process.env.MEMTS_HOSTS === 'all')('what the guides show, with hosts that are large', () => {
  let server: Memcached;
  let project: string;
  beforeAll(async () => {
    server = await startMemcached();
    const packages = join(await cachedPackages('large-hosts-1', HOSTS, 500), 'node_modules');
    const names = readdirSync(packages).filter((name) => !name.startsWith('.'));
    project = makeProject('large-hosts', Object.fromEntries(names.map((name) => [name, join(packages, name)])));
  }, 520_000);
  afterAll(() => server.stop());

  /** Compiles a program, runs it, and gives what it printed last, as JSON. */
  async function result(name: string, program: string): Promise<unknown> {
    writeFileSync(join(project, `${name}.mts`), program);
    const options = { ...STRICT, module: 'nodenext', target: 'es2023' };
    expect(await compileFiles(project, [`${name}.mts`], options)).toEqual([]);
    const { stdout } = await run(process.execPath, ['--import', TSX, `${name}.mts`], project);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  }

  it('better-auth signs in, finds the session again and limits requests', async () => {
    const [storage = '', wiring = ''] = guide('better-auth', server.address);
    const options = "secret: '0123456789abcdefABCDEF-_0123456789', baseURL: 'http://localhost:3000', ";
    const program = `
      ${storage}
      import { memoryAdapter } from 'better-auth/adapters/memory';
      const tables = { user: [], session: [], account: [], verification: [] };
      const database = memoryAdapter(tables);
      ${wiring
        .replace('betterAuth({', `betterAuth({ ${options} emailAndPassword: { enabled: true },`)
        .replace('enabled: true, storage', 'enabled: true, window: 60, max: 3, storage')}
      const body = { email: 'ada@example.org', password: 'correct horse', name: 'Ada' };
      const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true });
      const cookie = headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
      const session = await auth.api.getSession({ headers: new Headers({ cookie }) });
      const statuses = [];
      for (let request = 0; request < 5; request++) {
        const init = { headers: { cookie, 'x-forwarded-for': '10.0.0.7' } };
        statuses.push((await auth.handler(new Request('http://localhost:3000/api/auth/get-session', init))).status);
      }
      await client.quit();
      console.log(JSON.stringify({ name: session?.user.name, statuses }));`;
    expect(await result('auth', program)).toEqual({ name: 'Ada', statuses: [200, 200, 200, 429, 429] });
  });

  it('Apollo Server finds a persisted query again', async () => {
    const program = `
      ${guide('apollo-server', server.address).join(
        "const [typeDefs, resolvers] = ['type Query { hi: String }', { Query: { hi: () => 'hi' } }];\n",
      )}
      import { createHash } from 'node:crypto';
      import { startStandaloneServer } from '@apollo/server/standalone';
      const { url } = await startStandaloneServer(server, { listen: { port: 0 } });
      const query = '{ hi }';
      const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } };
      const post = async (body: object) => {
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
        const answer = (await (await fetch(url, init)).json()) as { data?: unknown };
        return answer.data ?? null;
      };
      const answers = [await post({ extensions }), await post({ query, extensions }), await post({ extensions })];
      await server.stop();
      await client.quit();
      console.log(JSON.stringify(answers));`;
    expect(await result('apollo', program)).toEqual([null, { hi: 'hi' }, { hi: 'hi' }]);
  });

  it('Nitro gives what another process has cached', async () => {
    const [config = ''] = guide('nuxt', server.address);
    const nitro = config
      .replace('defineNuxtConfig(', 'defineNitroConfig((({ nitro }) => nitro)(')
      .replace(/\);\s*$/, '));');
    writeFileSync(join(project, 'nitro.config.ts'), nitro);
    mkdirSync(join(project, 'routes'));
    const options = "{ maxAge: 60, name: 'pid', getKey: () => 'pid' }";
    const route = `export default defineCachedEventHandler(async () => ({ pid: process.pid }), ${options});`;
    writeFileSync(join(project, 'routes/index.ts'), route);
    await run(process.execPath, [join(project, 'node_modules/nitropack/dist/cli/index.mjs'), 'build'], project);
    const first = await pids();
    expect(first.answered).toBe(first.own);
    const second = await pids();
    expect(second.answered).toBe(first.own);
    expect(second.own).not.toBe(first.own);
  });

  /** The process id that the route of a new process answers with, and its own. */
  async function pids(): Promise<{ own: number | undefined; answered: number }> {
    const port = await freePort();
    const env = { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port) };
    const child: ChildProcess = spawn(process.execPath, ['.output/server/index.mjs'], { cwd: project, env });
    try {
      const answer = async () => (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { pid: number };
      await expect.poll(() => answer().catch(() => null), { timeout: 30_000 }).not.toBeNull();
      return { own: child.pid, answered: (await answer()).pid };
    } finally {
      child.kill();
      await once(child, 'close');
    }
  }
});
