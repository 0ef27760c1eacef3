import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';
import { type Memcached, startMemcached } from '../support/memcached.ts';
import { cachedPackages } from '../support/npm.ts';
import { makeProject, ofOurs } from './support/project.ts';

/** The versions that run on Node.js 20, and are those of the packages that we have. */
const LARGE = ['@opentelemetry/sdk-node@0.223.0', '@opentelemetry/auto-instrumentations-node@0.81.2'];
const SMALL = ['api', 'instrumentation', 'instrumentation-http', 'sdk-trace-node'].map(
  (name) => `@opentelemetry/${name}`,
);
/** `npm run test:hosts`: 116 MB of packages. */
const ALL = process.env.MEMTS_HOSTS === 'all';

interface Printed {
  name: string;
  id: string;
  parent: string | undefined;
  trace: string;
}

let server: Memcached;
beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

/** The files that the guide shows, by the name in their first line. */
function filesOfGuide(): Map<string, string> {
  const guide = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8');
  const found = guide.matchAll(/^```js[a-z ]*\n\/\/ (\S+\.mjs)\n(.*?)^```$/gms);
  return new Map([...found].map(([, name = '', text = '']) => [name, text]));
}

function write(project: string): void {
  for (const [name, text] of filesOfGuide()) writeFileSync(join(project, name), text);
  copyFileSync(fileURLToPath(new URL('fixtures/traced-app.mjs', import.meta.url)), join(project, 'app.mjs'));
}

/** What a program printed of its spans, once it has answered one request and was asked to end. */
async function spansOf(project: string, flags: readonly string[]): Promise<Printed[]> {
  const env = { PATH: process.env.PATH, MEMCACHE_SERVERS: server.address, NO_COLOR: '1', ...CONSOLE };
  const child = spawn(process.execPath, [...flags, 'app.mjs'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = once(child, 'close');
  try {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    await expect.poll(() => output, { timeout: 60_000 }).toContain('listening on ');
    const [, port] = /listening on (\d+)/.exec(output) ?? [];
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(await response.text()).toBe('Ada');
  } finally {
    child.kill('SIGTERM');
  }
  await ended;
  return [...output.matchAll(/^\{\n.*?^\}$/gms)].map(([text]) => toSpan(text));
}

/** Of the SDK that takes its exporters from the environment. */
const CONSOLE = { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };

function toSpan(text: string): Printed {
  const field = (name: string) => new RegExp(`^  ${name}: '([^']*)'`, 'm').exec(text)?.[1];
  const parent = /parentSpanContext: \{[^}]*spanId: '(\w+)'/.exec(text)?.[1];
  return { name: field('name') ?? '', id: field('id') ?? '', parent, trace: field('traceId') ?? '' };
}

async function expectOneTrace(project: string, flags: readonly string[]): Promise<void> {
  const spans = await spansOf(project, flags);
  const request = spans.find(({ name }) => name.startsWith('GET'));
  const named = (name: string) => spans.filter((span) => span.name === `${name} ${server.address}`);
  expect(request).toBeDefined();
  expect(named('getOrSet')).toEqual([expect.objectContaining({ parent: request?.id, trace: request?.trace })]);
  expect(named('get')).toEqual([expect.objectContaining({ parent: named('getOrSet')[0]?.id, trace: request?.trace })]);
}

it('has spans of memts below that of the HTTP server, instrumented with --import', async () => {
  const project = makeProject('telemetry', ofOurs(SMALL));
  write(project);
  await expectOneTrace(project, ['--import', './small.mjs']);
});

describe.runIf(ALL)('with the whole SDK and its auto-instrumentations', () => {
  let project: string;
  beforeAll(async () => {
    const packages = join(await cachedPackages('opentelemetry-0.223', LARGE, 300), 'node_modules');
    const names = readdirSync(packages).filter((name) => !name.startsWith('.'));
    project = makeProject('telemetry-all', Object.fromEntries(names.map((name) => [name, join(packages, name)])));
    write(project);
  }, 320_000);

  it('has them with NodeSDK', () => expectOneTrace(project, ['--import', './instrumentation.mjs']));

  it('has them where OpenTelemetry is switched on without code', async () => {
    const flags = ['@opentelemetry/auto-instrumentations-node/register', './memts-spans.mjs'];
    await expectOneTrace(
      project,
      flags.flatMap((flag) => ['--import', flag]),
    );
  });
});
